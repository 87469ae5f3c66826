"""Copies of every kind of filesystem, taken under load, judged by its own tools and contents."""

import os

from harness import images, oracles
from harness.bank import DATABASES, Bank
from harness.bank_contents import judge_contents
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main


class Copies(EndToEndTest):
    def take_copies(self, box, directory):
        Bank(box)
        # An unlinked file that stays open: allowed in a good copy, cleared by whoever mounts it.
        box.start("sh", "-c", "exec 3>/mnt/a/orphan; echo x >&3; rm /mnt/a/orphan; sleep 100")
        service = Service(box).start()
        service.start_writer("sqlite", "--name", "bank", *DATABASES)
        service.wait_until_ready(writers=1)
        requester = service.hold_until_told("--require", "application")
        for volume in "ab":
            images.copy_image(box.image(volume), os.path.join(directory, volume))
        self.assertEqual(service.release(requester), 0, requester.errors)
        self.assertEqual(service.record()["grade"], "application")

    def test_pairs_of_kinds(self):
        for kinds in (("ext4", "ext4"), ("xfs", "btrfs"), ("btrfs", "xfs")):
            directory = self.new_directory()
            with self.sandbox([Volume("a", kinds[0]), Volume("b", kinds[1])]) as box:
                self.take_copies(box, directory)
            # Only now: copies of btrfs carry the identity of their originals.
            complaints, sides = [], []
            for volume, kind in zip("ab", kinds):
                copy = os.path.join(directory, volume)
                sides.append(os.path.join(directory, f"{volume}-files"))
                os.mkdir(sides[-1])
                complaints += oracles.judge_filesystem(copy, kind)
                complaints += oracles.extract(copy, kind, sides[-1])
            self.assertEqual(complaints, [])
            complaints, told = judge_contents(*sides)
            self.assertEqual(complaints, [], told)
            self.say(f"{' and '.join(kinds)}: clean; {told}")


if __name__ == "__main__":
    main()
