#!/usr/bin/python3
"""What `noactl plugin new` makes builds, passes its tests and is packaged outside the tree, with
nothing but what an installation has.

usage: author_kit_test.py BUILD NOACTL [TEST…]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, NOACTL = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
DEBIAN_TOOLS = [tool for tool in ("dpkg-buildpackage", "dh", "lintian") if shutil.which(tool)]
TRIPLET = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                         check=False).stdout.strip()


def run(*command, cwd=None, env=None, check=True):
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout[-4000:]}")
    return done


class AuthorKit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="noa-kit-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        installed = cls.root / "installed"
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--tags", "devel", "--destdir",
            installed)
        contract = next(installed.rglob("noa-plugin.pc"))
        prefix = next(installed.rglob("include/noa")).parents[1]
        # What is read lies in the tree installed aside; what is installed goes where it does.
        contract.write_text(re.sub(r"^(includedir|apidir|mapfile)=\$\{prefix\}", rf"\1={prefix}",
                                   contract.read_text(), flags=re.MULTILINE))
        cls.templates = prefix / "share/noa/templates"
        cls.environment = {
            **os.environ, "PKG_CONFIG_PATH": str(contract.parent),
            "PATH": f"{prefix}/bin:{os.environ['PATH']}", "PERL5LIB": str(prefix / "share/perl5"),
            "DEBFULLNAME": "Ada Lovelace", "DEBEMAIL": "ada@example.org", "LC_ALL": "C.UTF-8"}

    def new(self, name, *options, check=True):
        return run(NOACTL, "plugin", "new", name, "--templates", self.templates, *options,
                   cwd=self.root, env=self.environment, check=check)

    def build_and_test(self, name):
        project = self.root / name
        for command in (("meson", "setup", "build", "-Doptimization=0"), ("ninja", "-C", "build"),
                        ("meson", "test", "-C", "build", "--print-errorlogs")):
            said = run(*command, cwd=project, env=self.environment).stdout
        self.assertRegex(said, r"Ok: +[1-9]")
        plugin = project / "build" / f"{name}.so"
        exported = run("nm", "-D", "--defined-only", plugin).stdout.split()
        self.assertEqual(exported[2:], ["noa_plugin_entry_v1"])
        run(NOACTL, "plugin", "validate", plugin)
        return project

    def test_a_project_in_cpp_builds_and_passes_its_tests(self):
        self.new("hello-cpp", "--cpp")
        self.build_and_test("hello-cpp")

    def test_a_project_in_rust_builds_and_passes_its_tests(self):
        if not shutil.which("rustc"):
            self.skipTest("no rustc here; it was not built")
        self.new("hello-rust", "--rust")
        self.build_and_test("hello-rust")

    def test_a_project_in_c_builds_passes_its_tests_and_packages_itself(self):
        self.new("hello-c", "--c")
        project = self.build_and_test("hello-c")
        if len(DEBIAN_TOOLS) < 3:
            self.skipTest(f"packaged only with dpkg-buildpackage, dh and lintian: {DEBIAN_TOOLS}")
        shutil.rmtree(project / "build")
        run("dpkg-buildpackage", "-us", "-uc", "-d", cwd=project,
            env={**self.environment, "DEB_BUILD_OPTIONS": "noopt"})
        package = next(self.root.glob("noa-plugin-hello-c_0.1.0_*.deb"))
        depends = run("dpkg-deb", "-f", package, "Depends").stdout
        self.assertRegex(depends, r"(^|, )noa-plugin-abi-1(,|$)")
        files = {line.split()[-1] for line in run("dpkg-deb", "-c", package).stdout.splitlines()}
        self.assertIn(f"./usr/lib/{TRIPLET}/noa/plugins/hello-c.so", files)
        self.assertIn("./usr/lib/noa/conf.d/hello-c.toml", files)
        scripts = run("dpkg-deb", "-I", package).stdout
        self.assertNotRegex(scripts, r"\*\s+(pre|post)(inst|rm)\b")
        lintian = run("lintian", "--fail-on", "error,warning",
                      next(self.root.glob("noa-plugin-hello-c_*.changes")), env=self.environment)
        self.assertNotRegex(lintian.stdout, r"^[EW]:")

    def test_names_that_cannot_be_are_refused(self):
        for name in ("Hello", "a", "-x", "x-", "a--b", "a_b", "9to5", "../x", "host", "test",
                     "x" * 41, "a b", "é"):
            with self.subTest(name=name):
                done = self.new("--", name, check=False) if name.startswith("-") else \
                    self.new(name, check=False)
                self.assertIn(done.returncode, (1, 2), done.stdout)
                self.assertFalse((self.root / name).exists())

    def test_nothing_is_overwritten_and_nothing_half_made_is_left(self):
        self.new("twice", "--c")
        before = (self.root / "twice/my").exists(), (self.root / "twice/twice.c").read_bytes()
        done = self.new("twice", "--cpp", check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("it exists already", done.stdout)
        self.assertEqual(before, ((self.root / "twice/my").exists(),
                                  (self.root / "twice/twice.c").read_bytes()))
        done = run(NOACTL, "plugin", "new", "nowhere", "--templates", self.root / "none",
                   cwd=self.root, check=False)
        self.assertIn("install noa-plugin-dev", done.stdout)
        self.assertEqual([path.name for path in self.root.iterdir()
                          if "nowhere" in path.name or path.name.startswith(".")], [])

    def test_no_word_of_the_template_is_left(self):
        for language in ("--c", "--cpp", "--rust"):
            name = f"word{language[1:]}"
            self.new(name, language)
            for path in (self.root / name).rglob("*"):
                left = re.search(r"my.?agent|1970|you@example", str(path.relative_to(self.root)) + (
                    path.read_text() if path.is_file() else ""), re.IGNORECASE)
                self.assertIsNone(left, f"{path}: {left}")
            self.assertIn("Ada Lovelace <ada@example.org>",
                          (self.root / name / "debian/control").read_text())


class DhNoaPlugin(unittest.TestCase):
    """dh_noa_plugin alone, on files that it must refuse."""

    def package(self, plugin, folder):
        root = pathlib.Path(tempfile.mkdtemp(prefix="noa-dh-"))
        self.addCleanup(shutil.rmtree, root)
        (root / "debian").mkdir()
        (root / "debian/control").write_text(
            "Source: sample\nBuild-Depends: debhelper-compat (= 13)\nMaintainer: A <a@b>\n\n"
            "Package: noa-plugin-x\nArchitecture: any\nDescription: x\n")
        (root / "debian/changelog").write_text(
            "sample (1) unstable; urgency=low\n\n  * x\n\n -- A <a@b>  Thu, 01 Jan 1970 00:00:00 +0000\n")
        place = root / "debian/noa-plugin-x" / folder
        place.mkdir(parents=True)
        (place / "x.so").write_bytes(plugin)
        return root

    def said(self, plugin, folder=f"usr/lib/{TRIPLET}/noa/plugins"):
        root = self.package(plugin, folder)
        script = pathlib.Path(__file__).resolve().parents[3] / "packaging/debhelper/dh_noa_plugin"
        done = run("perl", script, cwd=root, check=False)
        found = root / "debian/noa-plugin-x.substvars"
        return done.returncode, done.stdout, found.read_text() if found.exists() else ""

    def test_what_no_host_would_load_is_refused_by_name(self):
        if "dh" not in DEBIAN_TOOLS:
            self.skipTest("no debhelper")
        broken = BUILD / "tests/fixtures/broken"
        good = (broken / "good.so").read_bytes()
        code, said, variables = self.said(good)
        self.assertEqual((code, variables.strip()), (0, "noa:Depends=noa-plugin-abi-1"), said)
        newer = self.said((broken / "needs_newer_host.so").read_bytes())
        self.assertIn("noa-plugin-abi-1 (>= 1.99)", newer[2])
        cases = {
            "wanted an ELF file": b"text",
            "machine: wanted": good[:18] + b"\x07\x00" + good[20:],
            "wanted a shared object": good[:16] + b"\x02\x00" + good[18:],
            "cut short": good[:200],
            ".note.noa: wanted 1 note, found 0": (broken / "no_note.so").read_bytes(),
            "abi_major: wanted 1, found 2": (broken / "abi_major_2.so").read_bytes(),
        }
        for why, plugin in cases.items():
            with self.subTest(why=why):
                code, said, _ = self.said(plugin)
                self.assertNotEqual(code, 0)
                self.assertIn(f"x.so: {why}", said)
        code, said, _ = self.said(good, "usr/lib/noa/plugins")
        self.assertNotEqual(code, 0)
        self.assertIn("looks into", said)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
