"""The rows and the goals."""
from table import Figure, Goal
from tasks import IDLE

FIGURES = []
GOALS = []


def add(measurement, subject, metrics):
    FIGURES.extend(Figure(f"{subject}, {label}", f"supervise.{measurement}", metric, unit)
                   for metric, label, unit in metrics)


def spread(metric, label=None):
    return [(f"{metric}_{percent}", f"{label} {percent}".strip(), "ms")
            for percent in ("p50", "p99")]


ACCOUNTS = [("accepted", "messages", ""), ("lost", "lost", ""), ("reordered", "reordered", ""),
            ("given_up", "given up", ""), ("duplicates_unflagged", "duplicates not flagged", ""),
            ("duplicates_flagged", "duplicates flagged", ""),
            ("not_accepted", "not accepted at once", "")]

KILLED = "SIGKILL of a process at 20,000/s"
CRASHED = "SIGSEGV of a process, to the event"
HUNG = "process that hangs, event after its deadline"
STOPPED = "process that is stopped, event after its deadline"
HUNG_THREAD = "thread that hangs, event after its deadline"
HUNG_BUSY = "thread that hangs after twenty messages, event after its deadline"
SWITCHED = "thread, process, thread at 20,000/s"

add("killed", KILLED, [*spread("serving", "serving again"), *spread("told", "event"),
                       *spread("delay", "worst delay"), ("kills", "kills", ""), *ACCOUNTS,
                       ("redelivered_each", "redelivered each time", "")])
for name, subject in (("crashed", CRASHED), ("hung_process", HUNG),
                      ("stopped_process", STOPPED), ("hung_thread", HUNG_THREAD),
                      ("hung_thread_busy", HUNG_BUSY)):
    add(name, subject, spread("told", ""))
add("switched", SWITCHED, [*spread("to_process", "pause to process"),
                           *spread("to_thread", "pause to thread"),
                           *spread("control", "pause without a switch"),
                           ("switches", "switches", ""), *ACCOUNTS])

ROWS = {"idle": "50 idle agents", "rarely": "50 idle agents examined every hour",
        "often": "50 idle agents examined every second",
        "processes": "50 idle agents in processes"}
for key in IDLE:
    add("idle", ROWS[key], [(f"{key}_percent", "cpu", "%"),
                            (f"{key}_host_sleeps", "wake-ups of noad", "1/s")])
add("idle", ROWS["processes"], [("processes_host_percent", "cpu of noad", "%"),
                                ("processes_children_percent", "cpu of runners", "%"),
                                ("processes_children_sleeps", "wake-ups of runners", "1/s")])


def expect(group, figure, limit, strict=True):
    GOALS.append(Goal(group, figure, limit, strict=strict))


def goals(quick):
    """Eight seconds say nothing of what comes every thirty."""
    vacuous = {f"{ROWS[key]}, cpu" for key in ("idle", "processes")} if quick else set()
    return [goal for goal in GOALS if goal.figure not in vacuous]


def guarantee(subject):
    GOALS.extend(Goal(f"{subject}: nothing lost", f"{subject}, {defect}", 0, guarantee=True)
                 for defect in ("lost", "reordered", "given up", "duplicates not flagged"))


guarantee(KILLED)
for told in ("redelivered each time", "duplicates flagged"):
    GOALS.append(Goal(f"{KILLED}: nothing lost", f"{KILLED}, {told}"))
guarantee(SWITCHED)
expect("kill to the first message handled by the next life", f"{KILLED}, serving again p99", 100)
for figure in (f"{KILLED}, event p99", f"{CRASHED}, p99"):
    expect("detection of a crash", figure, 50)
for subject in (HUNG, HUNG_THREAD, HUNG_BUSY):
    expect("detection of a hang", f"{subject}, p99", 100, strict=False)
GOALS.append(Goal("detection of a hang", f"{STOPPED}, p99"))
for key in ("idle", "processes", "often"):
    expect("cost of supervision with 50 idle agents", f"{ROWS[key]}, cpu", 0.2)
for way in ("pause to process p99", "pause to thread p99", "pause without a switch p99"):
    GOALS.append(Goal("what a switch adds to accepted to handled", f"{SWITCHED}, {way}"))
