"""Studies of the small town: with hand-made runs whose figures are known, or to be really driven."""

from datetime import timedelta

from api.study.lineup import POLICIES, Dials, lineup
from api.study.run_study import Study, Variant
from optimizer.season.kept_travel import keep_travel
from optimizer.season.records import DayRecord, Effort, RunRecord
from optimizer.season.run_policy import SeasonPorts
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from tests.unit.optimizer.season_towns import small_season

FIXED, PRIZE = Variant(policy="fixed_schedule"), Variant(policy="rolling_prize", sensor_share=1.0)
BLIND = Variant(policy="rolling_prize", sensor_share=0.0)


def small_study(
    *,
    n_days: int = 3,
    warm_up_days: int = 1,
    seeds: tuple[int, ...] = (1, 2),
    policies: tuple[str, ...] = POLICIES,
    shares: tuple[float, ...] = (1.0, 0.0),
    dials: Dials | None = None,
) -> Study:
    spec = small_season(n_days=n_days, warm_up_days=warm_up_days, seeds=seeds)
    ports = SeasonPorts(travel=keep_travel(spec.town, CrowFlightRouter()), solver=GreedySolver())
    return Study(spec=spec, ports=ports, policies=lineup(policies, dials or Dials()), sensor_shares=shares)


def effort(km: float, overflows: int = 0, cost_eur: float = 0.0) -> Effort:
    """A day with a truck's usual needs for so many kilometres."""
    litres = 0.6 * km
    return Effort(
        distance_m=round(km * 1000),
        out_s=round(km * 300),
        driving_s=round(km * 90),
        working_s=round(km * 300),
        tours=1,
        trips=1,
        lifts=round(km / 2),
        collected_l=30_000.0,
        diesel_l=litres,
        co2e_kg=3.24 * litres,
        lifting_co2e_kg=0.05 * litres,
        idling_co2e_kg=0.4 * litres,
        auxiliary_co2e_kg=0.2 * litres,
        cost_eur=cost_eur or 4 * km,
        overflow_container_days=overflows,
    )


def hand_made_runs(study: Study, days_of: dict[Variant, tuple[Effort, ...]]) -> dict[Variant, tuple[RunRecord, ...]]:
    """For each variant one effort by seed, the same on every day."""
    return {
        variant: tuple(
            RunRecord(
                policy=variant.policy,
                seed=seed,
                n_containers=len(study.spec.town.containers),
                days=tuple(
                    DayRecord(
                        policy=variant.policy,
                        seed=seed,
                        day=study.spec.first_day + timedelta(days=at),
                        effort=one,
                        fill_fractions=(0.3, 0.5, 0.6, 0.8),
                    )
                    for at in range(study.spec.n_days)
                ),
            )
            for seed, one in zip(study.spec.seeds, efforts, strict=True)
        )
        for variant, efforts in days_of.items()
    }
