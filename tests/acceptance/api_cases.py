"""The public gRPC API as other programs see it: request ids, lineages, reflection."""
import uuid

import running_cases


def check(run):
    dev = run.dev()
    services = run.probe(run.values["SERVER"], "services")
    run.check("dev answers reflection", "millrace.v1.PipelineService" in services.stdout, services.stdout + services.stderr)
    refused = run.probe(run.values["SERVER"], "start", "\udcff")
    run.check("a name that is not UTF-8 is refused", refused.returncode == 1, refused.stdout)
    run.check("and leaves no line that is not an event", "libprotobuf" not in dev.log.read_text(), dev.log.read_text())
    check_request_ids(run, dev)
    check_lineage(run)
    coordinator = run.role("coordinator", data="other")
    server, internal = coordinator.read_until("grpc "), coordinator.read_until("internal ")
    for what, address in (("the public port", server), ("the internal port", internal)):
        refused = run.probe(address, "services")
        run.check(f"a coordinator answers no reflection on {what}", refused.stdout.startswith("UNIMPLEMENTED\n"), refused.stdout)


def check_request_ids(run, dev):
    plan = run.file("plan.json", running_cases.plan("clicks"))
    other = run.file("other.json", running_cases.plan("views"))
    request, ports = str(uuid.uuid4()), run.values["SERVER"].split(":")[1]
    first = run.probe(run.values["SERVER"], "create", plan, request)
    run.check("create", first.returncode == 0 and first.stdout.startswith("clicks "), first.stdout)
    again = run.probe(run.values["SERVER"], "create", plan, request)
    run.check("the same request answers with the pipeline it made", again.stdout == first.stdout, again.stdout)
    dev.kill()
    run.dev("--grpc-port", ports)
    again = run.probe(run.values["SERVER"], "create", plan, request)
    run.check("and does so after a restart", again.stdout == first.stdout, again.stdout)
    taken = run.probe(run.values["SERVER"], "create", plan, str(uuid.uuid4()))
    run.check("another request finds the name taken", taken.stdout.startswith(
        "ALREADY_EXISTS\ncreate pipeline clicks: it exists with this plan; `millrace start clicks` starts it\n"), taken.stdout)
    reused = run.probe(run.values["SERVER"], "create", other, request)
    run.check("a request id belongs to one plan", reused.stdout.startswith(
        f"INVALID_ARGUMENT\ncreate pipeline views: request_id {request} has created pipeline clicks from another plan; make a new "
        "request_id for every plan\n"), reused.stdout)


def check_lineage(run):
    """A table that a pipeline of the same name has written, in another coordinator's life."""
    table = run.path("table")
    plan = run.file("totals.json", running_cases.plan("totals", sink=running_cases.delta(table)))
    run.expect("the first lineage", run.command("run", plan), 0, stderr=None)
    run.dev(data="forgetful")
    reason = ("prepare sink table: prepare Delta table <DIR>/table: sink table of an earlier pipeline totals wrote to it up to epoch <*> "
              "(millrace/totals/table/<*>), so rows could be there twice; use another table, or set option 'lineage' to 'append'")
    running_cases.fails(run, "a table of another lineage", running_cases.plan("totals", sink=running_cases.delta(table)), reason)
    append = running_cases.plan("totals", sink=running_cases.delta(table, lineage="append"))
    run.expect("append as told", run.command("run", run.file("append.json", append)), 0, stderr=None)
