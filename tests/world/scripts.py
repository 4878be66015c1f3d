"""What happens in a scenario: to the database, the application, the services, or by a person."""

from collections.abc import Callable, Mapping

from scenario import STANDBY, Script

from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.api.failures import Fault
from drtemplate.world.aws.prober import Reply
from drtemplate.world.world import World

MANUAL = {"trigger_failover": True, "reason": ["exercise"]}


def then(*scripts: Script) -> Script:
    """All of them at the same time."""
    return lambda world: [one(world) for one in scripts]


def at(seconds: float, script: Script) -> Script:
    """One of them so many seconds later."""
    return lambda world: world.clock.at(seconds, script, world)


def stopped(mode: str) -> Script:
    """The writer is ``silent`` or refuses, and AWS shows it failed."""
    return lambda world: world.aurora.stop(world.aurora.writer, mode, "failed")


def targets(reply: Reply) -> Script:
    """How the application answers the probes of its load balancer."""
    return lambda world: world.balancers["Primary"].set_targets(reply)


def draining(world: World) -> None:
    """The application's targets are being deregistered."""
    balancer = world.balancers["Primary"]
    for target in balancer.targets:
        target.state = "draining"
    balancer.update()


def empty(world: World) -> None:
    """Nothing is registered with either target group."""
    for balancer in world.balancers.values():
        balancer.empty()


writer_dies = at(5, stopped("silent"))
application_dies = at(5, targets(Reply.REFUSED))
both_die = then(writer_dies, application_dies)


def asked(event: Mapping[str, object], seconds: float = 2) -> Script:
    """A person sends this."""
    return at(seconds, lambda world: world.send(ORCHESTRATOR, event))


manual = asked(MANUAL)


def failing(**faults: Fault) -> Script:
    """Calls that fail: ``service_Operation`` or ``service_all`` -> what befalls them."""

    def script(world: World) -> None:
        for name, fault in faults.items():
            service, _, operation = name.partition("_")
            world.faults[service, "*" if operation == "all" else operation] = fault

    return script


def once(code: str) -> Callable[[Mapping[str, object]], str | None]:
    """A fault of the first call only."""
    codes = [code]
    return lambda _: codes.pop() if codes else None


def throttled_once(world: World) -> None:
    """DynamoDB does not take the first write."""
    failing(dynamodb_PutItem=once("ProvisionedThroughputExceededException"))(world)


def call_lost_once(world: World) -> None:
    """Lambda does not take the first invocation."""
    failing(lambda_Invoke=once("ServiceException"))(world)


def blip(world: World) -> None:
    """The network swallows what is sent to the database, for four seconds."""
    world.clock.at(4, setattr, world.network, "loss", 1.0)
    world.clock.at(8, setattr, world.network, "loss", 0.0)


def no_name(world: World) -> None:
    """The resolver is out."""
    world.clock.at(4, setattr, world.network, "resolving", False)


def lag(world: World) -> None:
    """The reader is five seconds behind."""
    world.vended.lag = 5000.0


def stalled(world: World) -> None:
    """RDS accepts the failover, and nothing happens."""
    world.aurora.stalled = True


def aurora_acts(world: World) -> None:
    """Aurora replaces the writer by itself."""
    world.aurora.fail_over(STANDBY)


def reader_down(world: World) -> None:
    """There is no reader to promote."""
    world.aurora.stop(STANDBY, "refused")


def hangs(world: World) -> None:
    """The call of the failover never returns; later a person tries again."""

    def hang(_: Mapping[str, object]) -> None:
        world.faults.clear()
        world.clock.wait(10_000)

    world.faults["rds", "FailoverDBCluster"] = hang
    asked(MANUAL | {"attempt_id": "again"}, 310)(world)


def races(world: World) -> None:
    """Aurora acts between the look and the call."""

    def race(_: Mapping[str, object]) -> str:
        if world.aurora.status.value == "available":
            world.aurora.fail_over(STANDBY)
        return "InvalidDBClusterStateFault"

    world.faults["rds", "FailoverDBCluster"] = race


def forced(world: World) -> None:
    """A person goes on without the table, and says which instance is the writer."""
    asked(MANUAL | {"force": True, "expected_writer": world.aurora.writer})(world)
