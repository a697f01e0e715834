"""Prints what three generated pairs of neighbours pay alone and together: `python -m benchmarks.sharing`.

The same seeds give the same towns, tours and figures. Streets are straight lines times a detour factor, so the saving
says what joint tours do to generated towns, and nothing about any real border.
"""

import argparse

from benchmarks.sharing.neighbour_towns import AS_OF, Border, agreement
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.planning.joint_answer import JointDay
from optimizer.planning.joint_day import plan_joint_day
from optimizer.ports import Ports
from optimizer.search.sisr import SisrSolver
from optimizer.selection.overflow_risk import OverflowRiskPolicy
from routing.crow_flight import CrowFlightRouter

STEPS = 20_000
PAIRS = (
    Border(seed=1, steps=STEPS, apart_km=5.0, counts=(60, 40), vehicles=(2, 2)),
    Border(seed=2, steps=STEPS, apart_km=3.0, counts=(40, 50), vehicles=(2, 2)),
    Border(seed=3, steps=STEPS, apart_km=8.0, counts=(50, 30), vehicles=(2, 1)),
)
HEADER = "| pair | km apart | town | containers | alone EUR | shared EUR | saved EUR | saved |\n|-|-:|-|-:|-:|-:|-:|-:|"


def ports() -> Ports:
    """The parts of the planning flow, on straight lines."""
    return Ports(
        router=CrowFlightRouter(),
        forecaster=EmpiricalBayesForecaster(),
        policies={"overflow_risk": OverflowRiskPolicy()},
        solvers={"sisr": SisrSolver()},
    )


def planned(border: Border, parts: Ports) -> JointDay:
    """The joint day of a pair that lends each other everything."""
    terms = agreement(*border.parties)
    return plan_joint_day(border.parties, [terms], parts, plan_id=f"pair {border.seed}", generated_at=AS_OF)


def main() -> None:
    """Plan and print."""
    argparse.ArgumentParser(prog="python -m benchmarks.sharing", description=__doc__).parse_args()
    parts = ports()
    print(HEADER)
    for border in PAIRS:
        day = planned(border, parts)
        for one in day.shares:
            euros = (one.alone_micro_eur, one.share_micro_eur, one.saved_micro_eur)
            figures = " | ".join(f"{value / 1e6:.2f}" for value in euros)
            share = one.saved_micro_eur / one.alone_micro_eur if one.alone_micro_eur else 0.0
            lifts = day.plans[one.party_id].totals.lifts
            print(f"| {border.seed} | {border.apart_km:g} | {one.party_id} | {lifts} | {figures} | {share:.1%} |")


if __name__ == "__main__":
    main()
