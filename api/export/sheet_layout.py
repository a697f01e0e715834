"""How printed sheets look: fonts that hold every name, styles, tables and the foot of each page."""

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from json import loads
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from api.export.texts import Language, Texts

INK, FAINT, LINE, ACCENT, ALARM = (
    colors.HexColor(code) for code in ("#1b2a26", "#5d6b66", "#c9d2ce", "#0b6e4f", "#b3261e")
)
BAND = colors.HexColor("#eef3f0")
PLAIN, BOLD = "FuhreSans", "FuhreSans-Bold"
_WEEKDAYS = {
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def sheet_text(key: str, language: Language, **values: object) -> str:
    """One text of the sheets with its values filled in."""
    return _texts()[key][language].format(**values)


def weekday_name(weekday: int, language: Language) -> str:
    """Monday is 0."""
    return _WEEKDAYS[language][weekday]


@lru_cache(maxsize=1)
def _texts() -> Texts:
    found: Texts = loads(files("api.export").joinpath("templates", "sheet_texts.json").read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    # The fonts that come with matplotlib: PDF's own fonts lack every letter outside western Europe.
    from matplotlib import get_data_path  # noqa: PLC0415  # slow to load, and only sheets need it

    folder = Path(get_data_path()) / "fonts" / "ttf"
    pdfmetrics.registerFont(TTFont(PLAIN, str(folder / "DejaVuSans.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "DejaVuSans-Bold.ttf")))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)


def style(size: float = 8.5, *, color: colors.Color = INK, is_bold: bool = False, **more: Any) -> ParagraphStyle:
    """A style of the house's font."""
    return ParagraphStyle(
        "sheet", fontName=BOLD if is_bold else PLAIN, fontSize=size, leading=size * 1.28, textColor=color, **more
    )


def words(said: str, look: ParagraphStyle | None = None) -> Paragraph:
    """A paragraph of plain text; nothing in it is markup."""
    return Paragraph(escape(said), look or style())


def ruled_table(rows: Sequence[Sequence[Flowable]], widths_mm: Sequence[float], bands: Sequence[int] = ()) -> Table:
    """A table whose first row heads every page; ``bands`` are rows that stand out."""
    look = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        *(("BACKGROUND", (0, row), (-1, row), BAND) for row in bands),
    ]
    return Table(
        [list(row) for row in rows], colWidths=[width * mm for width in widths_mm], repeatRows=1, style=TableStyle(look)
    )


def make_pdf(story: Sequence[Flowable], *, title: str, foot: str, language: Language) -> bytes:
    """The pages as a PDF document, each with the foot and its number."""
    _register_fonts()
    target = BytesIO()

    def draw_foot(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(PLAIN, 7)
        canvas.setFillColor(FAINT)
        canvas.drawString(18 * mm, 10 * mm, foot)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, sheet_text("page", language, n=document.page))
        canvas.restoreState()

    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=15 * mm,
        bottomMargin=17 * mm,
        title=title,
        author="fuhre",
        lang=language,
        # Without the time of making, the same plan gives the same file.
        invariant=1,
    )
    document.build(list(story), onFirstPage=draw_foot, onLaterPages=draw_foot)
    return target.getvalue()


def ready_for_words() -> None:
    """Make the fonts known; every paragraph needs them."""
    _register_fonts()
