"""The slow twin of the turning point kernel: the same rules, told with sets and lists."""

from routing.kernels.turning_points import CONTINUE, ROUNDABOUT, SHARP, SLIGHT, TURN, U_TURN, Junctions

Row = list[float]


def turning_points_twin(arcs: tuple[int, ...], streets: Junctions) -> list[tuple[float, ...]]:
    """Rows of position, onward, named, millimetres driven, kind, angle and exit number."""
    rows: list[Row] = []
    known = streets.name[arcs[0]]
    inside_until = 0
    last_turn_at = None
    for here in range(1, len(arcs)):
        if here <= inside_until:
            continue
        before, after = arcs[here - 1], arcs[here]
        if streets.is_roundabout[after] and not streets.is_roundabout[before]:
            behind = next((i for i in range(here, len(arcs)) if not streets.is_roundabout[arcs[i]]), len(arcs))
            onward = min(behind, len(arcs) - 1)
            passed = [_has_exit(streets, arcs, i) for i in range(here, behind)]
            angle = _turn(streets, before, arcs[onward])
            rows.append([here, onward, ROUNDABOUT, angle, sum(passed) if behind < len(arcs) else 0])
            inside_until, last_turn_at, known = behind, None, streets.name[arcs[onward]]
            continue
        told = streets.name[arcs[_named(streets, arcs, rows[-1])]] if rows else streets.name[arcs[0]]
        kind, angle = _kind(streets, before, after, {known, told})
        is_turn = kind in {SLIGHT, TURN, SHARP}
        gap_mm = float("inf") if last_turn_at is None else _driven_mm(streets, arcs[last_turn_at:here])
        if gap_mm <= 15_000 and kind != U_TURN and abs(angle) > 25 and (rows[-1][3] > 0) == (angle > 0):
            row = rows[-1]
            first = arcs[int(row[0]) - 1]
            row[1], row[3] = here, row[3] + angle
            is_back = abs(row[3]) > 165 and streets.name[first] == streets.name[after] and streets.name[after] > 0
            row[2] = U_TURN if is_back else _by_angle(row[3])
            last_turn_at = None if is_back else here
        elif kind >= 0:
            rows.append([here, here, kind, angle, 0])
            last_turn_at = here if is_turn else None
        known = streets.name[after] or known
    return [
        (row[0], row[1], _named(streets, arcs, row), _driven_mm(streets, arcs[: int(row[0])]), *row[2:]) for row in rows
    ]


def _driven_mm(streets: Junctions, arcs: tuple[int, ...]) -> int:
    return sum(int(streets.segment_mm[arc >> 1]) for arc in arcs)


def _kind(streets: Junctions, before: int, after: int, known: set[int]) -> tuple[int, float]:
    angle = _turn(streets, before, after)
    if after == before ^ 1:
        return U_TURN, 180.0
    if streets.is_roundabout[before] and streets.is_roundabout[after]:
        return -1, angle
    seen = [a for a in _leaving(streets, before) if a not in {after, before ^ 1} and streets.is_enterable[a]]
    if not seen:
        return -1, angle
    least = min(streets.rank[before], streets.rank[after], 2)
    rivals = [a for a in seen if streets.rank[a] >= least]
    is_renamed = streets.name[after] > 0 and streets.name[after] not in known
    silent = (CONTINUE if is_renamed else -1, angle)
    if not rivals:
        return silent
    return _against(streets, before, after, rivals) or silent


def _against(streets: Junctions, before: int, after: int, rivals: list[int]) -> tuple[int, float] | None:
    """What to say where other streets could be taken, ``None`` when this one is clear."""
    angle = _turn(streets, before, after)
    rival = min(rivals, key=lambda a: abs(_turn(streets, before, a)))
    rival_angle = _turn(streets, before, rival)
    is_same = streets.name[before] == streets.name[after] and streets.is_link[before] == streets.is_link[after]
    if streets.name[after] == 0:
        is_same = is_same and streets.rank[before] == streets.rank[after]
    if abs(rival_angle) >= abs(angle) + 15 and (is_same or abs(angle) < 55):
        return None
    if abs(angle) < 25:
        if is_same and (abs(rival_angle) >= abs(angle) or streets.rank[rival] < streets.rank[after]):
            return None
        size = max(abs(angle), 1.0)
        return SLIGHT, -size if angle < rival_angle else size
    if abs(angle) > 165 and streets.name[before] == streets.name[after] and streets.name[after] > 0:
        return U_TURN, angle
    return _by_angle(angle), angle


def _has_exit(streets: Junctions, arcs: tuple[int, ...], position: int) -> bool:
    taken = arcs[position + 1] if position + 1 < len(arcs) else None
    others = [a for a in _leaving(streets, arcs[position]) if not streets.is_roundabout[a]]
    return any(a == taken or (streets.is_enterable[a] and streets.rank[a] > 0) for a in others)


def _leaving(streets: Junctions, arc: int) -> list[int]:
    node = streets.head[arc]
    arcs: list[int] = streets.leaving[streets.first[node] : streets.first[node + 1]].tolist()
    return arcs


def _named(streets: Junctions, arcs: tuple[int, ...], row: Row) -> int:
    position, onward = int(row[0]), int(row[1])
    says_nothing = {0, streets.name[arcs[position - 1]]}
    tells = [i for i in range(onward, len(arcs)) if streets.name[arcs[i]] not in says_nothing]
    leaves = [i for i in range(onward, len(arcs)) if not streets.is_link[arcs[i]]]
    return min([*tells, *leaves], default=len(arcs) - 1)


def _turn(streets: Junctions, before: int, after: int) -> float:
    return float((streets.start_deg[after] - streets.end_deg[before] + 180) % 360 - 180)


def _by_angle(angle: float) -> int:
    return SLIGHT if abs(angle) <= 55 else TURN if abs(angle) <= 125 else SHARP
