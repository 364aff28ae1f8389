"""Invalid plans: every mistake is named with its field and what to do, by every verb that takes a plan."""
import json

import invalid_plans


def check(run):
    run.dev()
    good = run.file("good.json", invalid_plans.GOOD)
    run.expect("a good plan is valid", run.command("validate", good), 0, stdout="<DIR>/good.json: valid\n")
    run.expect("an explanation goes to stdout", run.command("explain", good), 0, stdout=None)
    for name, change, lines in invalid_plans.MISTAKES:
        file = run.file(f"{name}.json", invalid_plans.changed(change))
        count = f"{len(lines)} mistake{'' if len(lines) == 1 else 's'}"
        said = "".join(f"  {line}\n" for line in lines)
        run.expect(f"validate {name}", run.command("validate", file), 1,
                   f"millrace: validate {file}: the plan has {count}\n{said}")
    for name, text, line in invalid_plans.UNREADABLE:
        file = run.file(f"unreadable_{name}.json", text)
        run.expect(f"validate {name}", run.command("validate", file), 1,
                   f"millrace: {file}: read the plan: {line} (docs/plan.md lists every field)\n")
    check_other_verbs(run)
    run.expect("nothing was created", run.command("get", "-o", "json"), 0, stdout="{}\n")


def check_other_verbs(run):
    """The other verbs tell the same; -o json gives it to programs."""
    name, change, lines = next(case for case in invalid_plans.MISTAKES if case[0] == "window_of_size_0")
    file = run.path(f"{name}.json")
    field, message = lines[0].split(": ", 1)
    run.expect("explain", run.command("explain", file), 1,
               f"millrace: explain {file}: the plan has 1 mistake\n  {lines[0]}\n")
    run.expect("run", run.command("run", file), 1, f"millrace: run {file}: the plan has 1 mistake\n  {lines[0]}\n")
    done = run.command("validate", file, "-o", "json")
    run.expect("validate as JSON", done, 1, stdout=None)
    run.check("validate as JSON", json.loads(done.stdout) == {"diagnostics": [{"field": field, "message": message}]}, done.stdout)
    done = run.command("run", file, "-o", "json")
    run.expect("run as JSON", done, 1, stderr=None)
    error = json.loads(done.stderr)
    run.check("run as JSON", error["code"] == "INVALID_ARGUMENT" and error["details"] == [{"field": field, "message": message}], done.stderr)
