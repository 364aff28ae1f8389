#!/usr/bin/env python3
"""prove.py must complain of what it is there to notice."""
import unittest

import prove


def totals(seeds=500):
    of = {"n": 3, "seeds": 2, "lost": 0, "duplicated": 0, "wrong": 0, "slowest_recovery_ms": 70}
    return {"seeds": seeds, "failed": 0, "without_fault": 0, "kills": 9, "faults": {"kill": dict(of), "cut": dict(of)},
            "windows": {f"W{window}": 0 if f"W{window}" in prove.ELSEWHERE else 1 for window in range(1, 14)}}


class Prove(unittest.TestCase):
    def complaints_after(self, change, seeds=500):
        changed = totals(seeds)
        change(changed)
        return list(prove.complaints(changed))

    def test_is_content_when_all_is_well(self):
        self.assertEqual(self.complaints_after(lambda t: None), [])

    def test_complains_of_a_seed_that_failed(self):
        self.assertIn("1 of 500 seeds failed", self.complaints_after(lambda t: t.update(failed=1))[0])

    def test_complains_of_a_seed_without_a_fault(self):
        self.assertIn("took no fault", self.complaints_after(lambda t: t.update(without_fault=2))[0])

    def test_complains_of_a_fault_that_was_never_taken(self):
        self.assertEqual(self.complaints_after(lambda t: t["faults"]["cut"].update(n=0)), ["fault cut was never taken"])

    def test_complains_of_a_window_that_was_never_gone_through(self):
        self.assertEqual(self.complaints_after(lambda t: t["windows"].update(W6=0)), ["W6 was never gone through"])

    def test_few_seeds_need_not_take_every_fault(self):
        self.assertEqual(self.complaints_after(lambda t: t["faults"]["cut"].update(n=0), seeds=20), [])

    def test_adds_up_what_processes_did_and_keeps_the_slowest(self):
        other = totals(100)
        other["faults"]["cut"]["slowest_recovery_ms"] = 900
        both = prove.merged(totals(), other)
        self.assertEqual((both["seeds"], both["faults"]["cut"]["n"]), (600, 6))
        self.assertEqual(both["faults"]["cut"]["slowest_recovery_ms"], 900)

    def test_adds_up_the_seeds_of_one_code_whatever_commits_had_it(self):
        lines = [{"commit": "a", "code": "1", "totals": totals(100)}, {"commit": "b", "code": "1", "totals": totals(10)},
                 {"commit": "c", "code": "2", "totals": totals(1000)}]
        self.assertEqual(prove.totals_of(lines, "1")["seeds"], 110)
        self.assertIsNone(prove.totals_of(lines, "3"))

    def test_a_tree_with_changes_is_the_code_of_no_commit(self):
        self.assertEqual(prove.code_of("0123456789ab+"), "0123456789ab+")


if __name__ == "__main__":
    unittest.main()
