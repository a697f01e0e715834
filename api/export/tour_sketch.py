"""A small drawing of a tour for print: the way along the streets where it is known, and numbered stops."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from api.export.sheet_layout import ACCENT, BAND, BOLD, FAINT, INK, LINE
from optimizer.domain.plan import StopKind, Tour

_DOT_MM = 1.5
_CROWDED = 60
"""From so many stops on, only every fifth bears its number."""
_MARGIN_MM = 5.0


class TourSketch(Flowable):  # type: ignore[misc]  # the library has no types
    """The tour in a frame as wide as the page.

    Parameters
    ----------
    lines_lon_lat_deg
        ``(n, 2)`` pieces of the way; straight lines between the stops where there are none.
    """

    def __init__(
        self, tour: Tour, lines_lon_lat_deg: Sequence[NDArray[np.float64]] = (), *, height_mm: float = 75
    ) -> None:
        super().__init__()
        self._stops = [stop for stop in tour.stops if stop.kind is not StopKind.BREAK]
        straight = np.array([(stop.location.lon_deg, stop.location.lat_deg) for stop in self._stops])
        self._lines = [line for line in lines_lon_lat_deg if len(line)] or [straight]
        self._height = height_mm * mm

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        """Width and height in points."""
        self._width = available_width
        return available_width, self._height

    def draw(self) -> None:
        """Draw on the page."""
        canvas = self.canv
        canvas.setFillColor(BAND)
        canvas.setStrokeColor(LINE)
        canvas.roundRect(0, 0, self._width, self._height, 3, fill=1)
        place = self._scale()
        canvas.setStrokeColor(ACCENT)
        canvas.setLineWidth(0.9)
        for line in self._lines:
            path = canvas.beginPath()
            for at, (lon, lat) in enumerate(line.tolist()):
                (path.moveTo if at == 0 else path.lineTo)(*place(lon, lat))
            canvas.drawPath(path)
        for at, stop in enumerate(self._stops):
            self._draw_stop(canvas, at, stop.kind, place(stop.location.lon_deg, stop.location.lat_deg))

    def _draw_stop(self, canvas: Any, at: int, kind: StopKind, where: tuple[float, float]) -> None:
        x, y = where
        is_yard = kind in {StopKind.START, StopKind.END, StopKind.TIP}
        canvas.setFillColor(INK if is_yard else ACCENT)
        if is_yard:
            side = 2 * _DOT_MM * mm
            canvas.rect(x - side / 2, y - side / 2, side, side, stroke=0, fill=1)
        else:
            canvas.circle(x, y, _DOT_MM * mm * 0.7, stroke=0, fill=1)
        if is_yard or len(self._stops) < _CROWDED or at % 5 == 0:
            canvas.setFillColor(INK if is_yard else FAINT)
            canvas.setFont(BOLD, 5.5)
            canvas.drawString(x + 1.3 * mm, y + 1.0 * mm, str(self._stops[at].sequence))

    def _scale(self) -> Any:
        """A function from longitude and latitude to points on the page, the same scale in both directions."""
        points = np.concatenate(self._lines)
        west, south = points.min(axis=0)
        east, north = points.max(axis=0)
        shrink = math.cos(math.radians((south + north) / 2))
        room_x, room_y = self._width - 2 * _MARGIN_MM * mm, self._height - 2 * _MARGIN_MM * mm
        scale = min(room_x / max((east - west) * shrink, 1e-6), room_y / max(north - south, 1e-6))
        left = (self._width - (east - west) * shrink * scale) / 2
        low = (self._height - (north - south) * scale) / 2

        def place(lon_deg: float, lat_deg: float) -> tuple[float, float]:
            return left + (lon_deg - west) * shrink * scale, low + (lat_deg - south) * scale

        return place
