"""The packages where a user of Hyper-V has them: the host's backups through the kernel's own door,
Debian's real hyperv-daemons beside, and who serves the host after each install, boot, removal.

The bus under Debian's drivers is a module of the tests (vmbus_standin/), the host is vss-hostsim."""

import json
import os

from harness.hyperv_debian import Shop, become_guest, modules_disk
from harness.install import SERVICES, SOCKETS, InstallTest, Machine
from harness.packages import LATER, PLACE, take_packages
from harness.testing import main
from harness.vmbus import DEVICE, NODE, require_vmbus

KERNELS = ("6.1", "6.12")
STOCK, KVP = "hv-vss-daemon.service", "hv-kvp-daemon.service"
DROP_IN = "/etc/systemd/system/vssd.service.d/uio.conf"


class AtTheDoor(InstallTest):
    """Installed on one machine; each test boots what that one left."""

    @classmethod
    def setUpClass(cls):
        require_vmbus(KERNELS)
        super().setUpClass()
        cls.modules = modules_disk(os.path.join(cls.folder, "modules"), KERNELS)
        cls.image = os.path.join(cls.folder, "installed.img")
        test = cls()
        with cls.debian(disks=[cls.modules], log="installed_door.install") as vm:
            test.get_hyperv(vm)
            test.stop_stock_daemon_in_a_hold(vm)
            cls.files = test.files_of(vm)
            kvp = vm.property(KVP, "MainPID")
            test.install(vm, "libvss0", "openvss")
            test.expect_served_by_openvss(vm)
            test.assertEqual(vm.property(KVP, "MainPID"), kvp)
            vm.keep_root(cls.image)

    def get_hyperv(self, vm):
        take_packages(vm)
        become_guest(vm, KERNELS, "/dev/vdc")
        vm.must("dpkg", "-i", f"{PLACE}/hyperv-daemons.deb", f"{PLACE}/openvss-testhost.deb",
                timeout=120)
        self.expect_served_by_stock(vm)
        for unit in (STOCK, KVP):
            self.assertEqual(vm.property(unit, "FragmentPath"), f"/lib/systemd/system/{unit}")
            self.assertEqual(vm.property(unit, "DropInPaths"), "")

    def stop_stock_daemon_in_a_hold(self, vm):
        """By what the package brings; dpkg itself does not get that far while root is frozen."""
        vm.must("dpkg-deb", "-x", f"{PLACE}/openvss.deb", "/run/unpacked")
        self.assertEqual(self.ask(vm, "freeze"), [True])
        write = Machine(vm).writer()
        stop = vm.start("/run/unpacked/usr/libexec/openvss/stop-hv-vss-daemon")
        vm.run("sleep", "5")
        self.assertIsNone(write.status, "root was not frozen")
        self.assertIsNone(stop.status, stop.errors)
        self.assertEqual(self.ask(vm, "thaw"), [True], "nobody was there to thaw")
        self.assertEqual(write.wait(), 0)
        self.assertEqual(stop.wait(), 0, stop.errors)
        self.assertEqual(vm.active(STOCK), "inactive")
        vm.must("systemctl", "start", STOCK)
        self.expect_served_by_stock(vm)

    # -- who serves the host -------------------------------------------------------------------

    def ask(self, vm, request, hv_utils=True):
        """What the host is answered, as in [True]; [] where nobody is at the channel."""
        words = ["vss-hostsim", "--standin", NODE, *(["--hv-utils"] if hv_utils else [])]
        told = vm.run(*words, "run", "--json", request, timeout=150).output
        return [json.loads(line)["ok"] for line in told.splitlines()]

    def expect_served_by_openvss(self, vm):
        self.expect_running(vm)
        self.assertEqual(vm.run("pgrep", "-x", "hv_vss_daemon").output, "")
        vm.wait_until(lambda: self.ask(vm, "hot_backup") == [True], 90, "OpenVSS for the host")
        record = Machine(vm).record()
        self.assertEqual((record["requester_kind"], record["check_only"]), ("hyperv", True), record)
        self.assertEqual(vm.active(KVP), "active")

    def expect_served_by_stock(self, vm):
        for unit in (STOCK, KVP):
            vm.wait_until(lambda unit=unit: vm.active(unit) == "active", what=unit)
        vm.wait_until(lambda: self.ask(vm, "hot_backup") == [True], what="the stock daemon's yes")
        self.assertEqual(vm.must("stat", "-c", "%U %a", "/dev/vmbus/hv_vss").strip(), "root 600")

    def expect_good_backup(self, vm, hv_utils=True):
        """Host, record, root and copy say the same."""
        shop = Shop(vm)
        told = shop.back_up(hv_utils)
        self.say("\n  ".join(told.output.splitlines()))
        record = Machine(vm).record()
        self.assertEqual(told.status, 0, told.output + told.errors + record["sentence"])
        self.assertIn("1 of 1 backups succeeded", told.output)
        self.say(record["sentence"])
        self.assertEqual((record["result"], record["grade"], record["requester_kind"]),
                         ("consistent", "application", "hyperv"), record)
        self.assertEqual([(each["name"], each["fate"]) for each in record["writers"]],
                         [("shop", "released")])
        root = next(each for each in record["filesystems"] if each["mount_point"] == "/")
        self.assertEqual((root["action"], root["result"]), ("freeze", "thawed"))
        self.assertTrue(all(each["success"] for each in record["host"]), record["host"])
        # The load stood still, and what it was told is in the copy.
        self.assertEqual(shop.sales("before"), shop.sales("after"))
        self.assertEqual(shop.sales_in_copy(), shop.sales("after"))
        vm.wait_until(lambda: shop.sales("now") > shop.sales("after"), what="a sale after it")
        self.assertEqual(shop.close(), 0, shop.load.errors)

    # -- with hv_utils -------------------------------------------------------------------------

    def test_after_a_boot_it_holds_a_database_and_leaves_as_it_came(self):
        with self.debian(image=self.image, log="installed_door.hv_vss") as vm:
            take_packages(vm)
            self.expect_served_by_openvss(vm)
            self.expect_good_backup(vm)
            self.upgrade_what_is_stopped(vm)
            self.switch_over_by_hand(vm)
            self.remove_in_a_hold(vm)
            self.leave_out_what_somebody_turned_off(vm)
            vm.must("dpkg", "--purge", "openvss", "libvss0", timeout=120)
            self.assertEqual(self.files_of(vm) - self.files, set())
            self.assertEqual(vm.run("systemctl", "status", "openvss.target").status, 4)

    def upgrade_what_is_stopped(self, vm):
        vm.must("systemctl", "stop", "openvss.target", *SOCKETS, timeout=120)
        self.install(vm, "openvss-later")
        for unit in ("openvss.target", *SOCKETS, *SERVICES):
            self.assertEqual(vm.active(unit), "inactive", unit)
        self.assertIn(LATER, vm.must("dpkg-query", "-W", "openvss"))
        vm.must("systemctl", "start", "openvss.target", timeout=120)
        self.expect_served_by_openvss(vm)
        self.install(vm, "openvss")
        self.expect_served_by_openvss(vm)

    def switch_over_by_hand(self, vm):
        vm.must("systemctl", "start", STOCK)  # its condition keeps it out
        self.assertEqual(vm.active(STOCK), "inactive")
        vm.must("systemctl", "disable", "--now", "openvss.target", timeout=120)
        vm.wait_until(lambda: vm.active(SOCKETS[0]) == "inactive", what="closed sockets")
        vm.must("systemctl", "start", STOCK)
        self.assertEqual(vm.active(STOCK), "active")
        vm.must("/usr/libexec/openvss/stop-hv-vss-daemon")
        vm.must("systemctl", "enable", "--now", "openvss.target", timeout=120)
        self.expect_served_by_openvss(vm)

    def remove_in_a_hold(self, vm):
        vm.must("systemctl", "start", STOCK)  # as udev does at a boot: refused, yet wanted
        Machine(vm).hold("--hold-max", "20")
        vm.must("dpkg", "-r", "openvss", timeout=240)
        self.assertFalse(vm.exists("/run/openvss"))
        self.assertEqual(vm.run("pgrep", "-f", "vss-freezer|vss-guardian|sbin/vssd").output, "")
        self.expect_served_by_stock(vm)

    def leave_out_what_somebody_turned_off(self, vm):
        """And an installation after a removal starts what an upgrade would have left alone."""
        self.install(vm, "openvss")
        self.expect_served_by_openvss(vm)
        vm.must("systemctl", "mask", STOCK)
        vm.must("dpkg", "-r", "openvss", timeout=240)
        self.assertEqual(vm.active(STOCK), "inactive", "masked")
        vm.must("systemctl", "unmask", STOCK)
        vm.must("systemctl", "start", STOCK)
        vm.must("systemctl", "stop", STOCK)
        self.install(vm, "openvss")
        vm.must("dpkg", "-r", "openvss", timeout=240)
        vm.run("sleep", "2")
        self.assertEqual(vm.active(STOCK), "inactive", "stopped by hand, before OpenVSS came")

    def files_of(self, vm):
        """What changes by itself, and dpkg's own notes, left out."""
        found = vm.must("find", "/etc", "/lib", "/usr", "/var", "/home", "/root", "/srv", "-xdev",
                        timeout=120)
        return {path for path in found.splitlines() if not path.startswith(
            ("/var/log", "/var/lib/dpkg", "/var/cache", "/var/lib/systemd", "/var/tmp", "/srv/shop",
             "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/.pwd.lock"))}

    # -- with uio_hv_generic -------------------------------------------------------------------

    def test_the_drop_in_for_uio_takes_the_channel_and_gives_it_back(self):
        with self.debian(image=self.image, series="6.12", log="installed_door.uio") as vm:
            self.expect_served_by_openvss(vm)
            vm.must("sh", "-c", "sed -i 's/^#door = .*/door = \"uio\"/' /etc/openvss/openvss.toml; "
                                "mkdir -p $(dirname " + DROP_IN + "); modprobe uio_hv_generic")
            self.restart_with(vm, "ExecStartPre=+/usr/sbin/vss-uio-bind bind\n"
                                  "ExecStopPost=+/usr/sbin/vss-uio-bind restore\n")
            self.expect_good_backup(vm, hv_utils=False)
            vm.must("systemctl", "stop", "vssd.service", timeout=120)
            self.assertEqual(self.driver(vm), "hv_utils")
            # Without its second line only a removal gives the channel back.
            self.restart_with(vm, "ExecStartPre=+/usr/sbin/vss-uio-bind bind\n")
            vm.must("systemctl", "restart", "vssd.service", timeout=120)
            self.assertEqual(self.driver(vm), "uio_hv_generic")
            vm.must("dpkg", "-r", "openvss", timeout=240)
            self.assertEqual(self.driver(vm), "hv_utils")
            self.expect_served_by_stock(vm)

    def restart_with(self, vm, lines):
        vm.must("sh", "-c", f"cat > {DROP_IN}", stdin="[Service]\n" + lines)
        vm.must("systemctl", "daemon-reload")
        vm.must("systemctl", "restart", "vssd.service", timeout=120)
        self.expect_running(vm)
        self.assertEqual(self.driver(vm), "uio_hv_generic")
        vm.wait_until(lambda: self.ask(vm, "hot_backup", hv_utils=False) == [True], 90,
                      "OpenVSS for the host")

    @staticmethod
    def driver(vm):
        return vm.must("sh", "-c", f"basename $(readlink -f {DEVICE}/driver)").strip()


if __name__ == "__main__":
    main(kernels=KERNELS)
