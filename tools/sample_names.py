"""Names and tables of the demo's sample: everything in it is invented.

The 8th character of every BIC is 0, which marks a test BIC. Countries with IBANs are those whose
account numbers have no check digits of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CORRIDORS", "COUNTRIES", "PARTICIPANTS", "PURPOSES", "TENANTS", "Country"]


@dataclass(frozen=True, slots=True)
class Country:
    """Who is paid in a country.

    Attributes:
        account: form of an account number, # for a digit and AAAA for the bank's letters; without
            the country's code and check digits where `iban` is true.
        wallet: form of a person's mobile wallet, where people have no other account.
    """

    code: str
    account: str
    iban: bool
    wallet: str | None
    banks: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    firms: tuple[str, ...]


def _country(  # noqa: PLR0917 - a row of the table below
    code: str, account: str, banks: str, given: str, family: str, firms: str
) -> Country:
    form, _, wallet = account.removeprefix("IBAN ").partition(" or ")
    return Country(
        code,
        form,
        account.startswith("IBAN "),
        wallet or None,
        tuple(f"{bank}{code}X0" for bank in banks.split()),
        tuple(given.split(", ")),
        tuple(family.split(", ")),
        tuple(firms.split("; ")),
    )


COUNTRIES: Final = {
    country.code: country
    for country in (
        _country(
            "DE",
            "IBAN ##################",
            "MOWE ELBQ",
            "Jürgen, Anke, Günther, Käthe, Özlem, Björn, Lena, Matthias",
            "Müller, Schröder, Weiß, Großmann, Yüksel, Lindström, Kühn, Böhm",
            "Bäckerei Süßkorn GmbH; Weichsel Druck AG; Grünfeld Saatgut KG; Haus Nordlicht AG",
        ),
        _country(
            "AT",
            "IBAN ################",
            "ALPQ",
            "Franz, Lieselotte, Jörg, Theresa, Zoë",
            "Gruber, Höllinger, Österreicher, Mayrhofer, Novák",
            "Tischlerei Enzian OG; Donauwelle Reisen; Immobilien am Öxlsee",
        ),
        _country(
            "NL",
            "IBAN AAAA##########",
            "PLDR GRCT",
            "Joost, Anouk, Daniël, Fenna, Thijs",
            "de Vries, van den Berg, Bakker, Ağaoğlu, Ypma",
            "Tulpveld Zaden B.V.; Gracht & Zn.; Molenwiek Logistiek",
        ),
        _country(
            "IE",
            "IBAN AAAA##############",
            "SHMR",
            "Siobhán, Pádraig, Aoife, Cillian",
            "Ó Briain, Ní Dhomhnaill, Kavanagh, Doyle",
            "Claddagh Net & Rope Ltd; Bóthar Haulage; Rowan Quay Lettings",
        ),
        _country(
            "GB",
            "IBAN AAAA##############",
            "THAM PENN",
            "Nigel, Priya, Angharad, Callum, Zainab",
            "O'Connor, Patel, Llewellyn, MacLeod, Okonkwo",
            "Penny Lantern Cycles Ltd; Highmoor Wool plc; Thistle & Sons; Kingsmead Rooms",
        ),
        _country(
            "LU",
            "IBAN ################",
            "LUXQ",
            "Élodie, Jean-Luc, Chloé, François",
            "Hoffmann, Lefèvre, Müller-Thill, Da Conceição",
            "Éditions Valmoselle; Primeurs des Rochers S.à r.l.",
        ),
        _country(
            "GR",
            "IBAN #######################",
            "AEGQ",
            "Γιώργος, Ελένη, Δημήτρης, Σοφία",
            "Παπαδόπουλος, Νικολάου, Αλεξίου, Ζαφείρη",
            "Ελαιώνες Μελτέμι; Ναυπηγείο Κύμα",
        ),
        _country(
            "LT",
            "IBAN ################",
            "BALQ",
            "Žydrūnas, Eglė, Šarūnas, Rūta",
            "Kazlauskas, Jankauskienė, Žukauskas, Čepaitė",
            "Gintaro Pašto Dėžutė UAB; Šviesos Tinklai",
        ),
        _country(
            "CH",
            "IBAN #################",
            "EIGR",
            "Urs, Noémie, Beat, Chiara",
            "Zürcher, Lüthi, Crottaz, Bernasconi",
            "Käserei Alpstern; Horlogerie des Trois Ponts; Haus zum Steinbock AG",
        ),
        _country(
            "KE",
            "############# or +2547########",
            "NYOT SIMB",
            "Wanjiru, Otieno, Akinyi, Kiprop, Njeri, Mwangi, Halima, Barasa",
            "Kamau, Odhiambo, Wambui, Cheruiyot, Mutua, Abdi, Wekesa",
            "Nyota Seeds Ltd; Kahawa Mlimani Mills; Maji Safi Pumps; Duka la Shamba",
        ),
        _country(
            "ZM",
            "############# or +26097#######",
            "ZMBQ",
            "Chanda, Mwila, Thandiwe, Bwalya, Mutinta",
            "Banda, Phiri, Mulenga, Tembo, Hamoonga",
            "Luangwa Grain Traders; Copper Kettle Catering; Kafue Sunrise Solar",
        ),
        _country(
            "JP",
            "0001#######",
            "SAKQ",
            "太郎, 花子, 健一, 美咲, 陽菜",
            "佐藤, 鈴木, 高橋, 渡辺, 山本",
            "株式会社さくら灯台精機; 合同会社みなと猫物流; 北海月光電子工業",
        ),
        _country(
            "US",
            "############",
            "LBTX PRAR",
            "Maria José, Ashley, DeShawn, Linh",
            "García, Smith, O'Neill, Washington, Trần",
            "Prairie Lantern Steel Inc.; Bluebonnet Clinics; Catfish Press; Muñoz & Daughters",
        ),
    )
}

# key, name, type
TENANTS: Final = (
    ("harbour-relief", "Harbour & Hearth Relief", "NGO"),
    ("nyota-coop", "Ushirika wa Wakulima Nyota", "COOPERATIVE"),
    ("meridia-payroll", "Republik Meridia, Gehälter", "GOVERNMENT"),
    ("moewenbank", "Möwenbank AG", "COMMERCIAL"),
)

# participant, index of its tenant, country, corridors, purposes; the busiest first.
PARTICIPANTS: Final = (
    ("payroll-teachers", 2, "DE", "SEPA_EUR", "SALA PENS"),
    ("nyota-nakuru", 1, "KE", "MOBILE_KES", "AGRT SALA"),
    ("moewe-corporate", 3, "DE", "SEPA_EUR SWIFT_USD RTGS_EUR", "SUPP GDDS TAXS"),
    ("payroll-health", 2, "DE", "SEPA_EUR", "SALA PENS"),
    ("harbour-kisumu", 0, "KE", "MOBILE_KES", "CHAR MDCS SUPP"),
    ("moewe-retail", 3, "DE", "SEPA_EUR", "RENT ELEC SUPP"),
    ("payroll-pensions", 2, "AT", "SEPA_EUR", "PENS SSBE"),
    ("nyota-lusaka", 1, "ZM", "MOBILE_ZMW", "AGRT SALA"),
    ("moewe-london", 3, "GB", "BACS_GBP RTGS_GBP", "SALA SUPP TREA"),
    ("harbour-geneva", 0, "CH", "SWIFT_USD SEPA_EUR", "CHAR SUPP SALA"),
    ("payroll-police", 2, "DE", "SEPA_EUR", "SALA"),
    ("moewe-new-york", 3, "US", "ACH_USD SWIFT_USD", "SUPP SALA TAXS"),
    ("harbour-lusaka", 0, "ZM", "MOBILE_ZMW", "CHAR MDCS"),
    ("nyota-suppliers", 1, "KE", "ACH_KES SWIFT_USD", "SUPP GDDS"),
    ("moewe-tokyo", 3, "JP", "ACH_JPY RTGS_JPY", "SUPP TREA SALA"),
    ("payroll-courts", 2, "LU", "SEPA_EUR", "SALA PENS"),
    ("nyota-loans", 1, "KE", "MOBILE_KES", "LOAN"),
    ("harbour-athens", 0, "GR", "SEPA_EUR", "CHAR RENT"),
    ("moewe-treasury", 3, "DE", "RTGS_EUR RTGS_GBP", "TREA"),
    ("payroll-embassies", 2, "DE", "SWIFT_USD SWIFT_JPY", "SALA RENT"),
    ("harbour-london", 0, "GB", "BACS_GBP", "CHAR SALA"),
    ("moewe-vilnius", 3, "LT", "SEPA_EUR", "SUPP TAXS"),
    ("nyota-exports", 1, "KE", "SWIFT_JPY SWIFT_USD", "GDDS"),
    ("harbour-tokyo", 0, "JP", "ACH_JPY", "CHAR"),
)

# rail, currency, countries of the creditors
CORRIDORS: Final = {
    "SEPA_EUR": ("SEPA_INST", "EUR", "DE AT NL IE LU GR LT"),
    "RTGS_EUR": ("RTGS", "EUR", "DE AT NL IE LU"),
    "RTGS_GBP": ("RTGS", "GBP", "GB"),
    "RTGS_JPY": ("RTGS", "JPY", "JP"),
    "BACS_GBP": ("BACS", "GBP", "GB"),
    "ACH_USD": ("ACH", "USD", "US"),
    "ACH_KES": ("ACH", "KES", "KE"),
    "ACH_JPY": ("ACH", "JPY", "JP"),
    "SWIFT_USD": ("SWIFT", "USD", "US CH GB KE ZM JP"),
    "SWIFT_JPY": ("SWIFT", "JPY", "JP"),
    "MOBILE_KES": ("MOBILE", "KES", "KE"),
    "MOBILE_ZMW": ("MOBILE", "ZMW", "ZM"),
}

# ISO 20022 code: median in EUR, sigma of the logarithm, paid to a person, remittance if any
PURPOSES: Final = {
    "AGRT": (85.0, 0.7, True, "Mavuno {month}, {number} kg"),
    "CHAR": (60.0, 0.9, True, "Cash assistance {month}"),
    "ELEC": (140.0, 0.5, False, "Stromabschlag {month}"),
    "GDDS": (9_000.0, 1.1, False, "Order {number}"),
    "LOAN": (300.0, 0.8, True, "Mkopo {number}"),
    "MDCS": (45.0, 0.8, True, "Medical care, case {number}"),
    "PENS": (1_450.0, 0.25, True, ""),
    "RENT": (980.0, 0.35, False, "Rent {month}"),
    "SALA": (2_300.0, 0.35, True, ""),
    "SSBE": (520.0, 0.3, True, ""),
    "SUPP": (3_200.0, 1.2, False, "Invoice {number}"),
    "TAXS": (2_600.0, 0.9, False, "VAT {month}, ref. {number}"),
    "TREA": (400_000.0, 1.1, False, "Treasury deal {number}"),
}
