#include "link/control_group.hpp"

#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noa::link {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A directory that looks like a group; a file of the kernel's takes what is written to it.
class Groups : public ::testing::Test {
protected:
    Groups() { std::filesystem::create_directories(own()); }
    ~Groups() override { std::filesystem::remove_all(root_); }

    [[nodiscard]] std::filesystem::path own() const { return root_ / "mount/system.slice/noad"; }
    void write(const std::filesystem::path& path, const std::string& text) const {
        std::ofstream(path) << text;
    }
    [[nodiscard]] GroupSources sources(const std::string& cgroup, const std::string& mounts) const {
        write(root_ / "cgroup", cgroup);
        write(root_ / "mounts", mounts);
        return {root_ / "mounts", root_ / "cgroup"};
    }
    [[nodiscard]] std::string mounted() const {
        return "22 1 0:20 / /sys rw - sysfs sysfs rw\n30 22 0:26 / " + (root_ / "mount").string() +
               " rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
    }

    const std::filesystem::path root_ = [] {
        std::string name = "/tmp/noa-groups-XXXXXX";
        return std::filesystem::path(::mkdtemp(name.data()));
    }();
};

constexpr const char* in_both = "9:name=systemd:/x\n0::/system.slice/noad\n";

TEST_F(Groups, AreNotTakenWhenNobodyGaveThem) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "what belongs to another user than root is the user's";
    }
    const auto groups = ControlGroups::open("auto", sources(in_both, mounted()));
    EXPECT_THAT(groups.why_not(), HasSubstr("given no control group of its own"));
    EXPECT_FALSE(std::filesystem::exists(own() / "host"));
}

TEST_F(Groups, OfTheHostsOwnAreTakenWhenDelegated) {
    if (::setxattr(own().c_str(), "user.delegate", "1", 1, 0) != 0 && ::geteuid() == 0) {
        GTEST_SKIP() << "no extended attributes in /tmp";
    }
    write(own() / "cgroup.procs", "");
    std::filesystem::create_directory(own() / "host");
    write(own() / "host/cgroup.procs", "");
    write(own() / "cgroup.subtree_control", "");
    std::filesystem::create_directory(own() / "agent-old.1");
    const auto groups = ControlGroups::open("auto", sources(in_both, mounted()));
    EXPECT_EQ(groups.why_not(), "");
    std::string moved;
    std::ifstream(own() / "host/cgroup.procs") >> moved;
    EXPECT_EQ(moved, "0");
    EXPECT_FALSE(std::filesystem::exists(own() / "agent-old.1"));
    EXPECT_TRUE(groups.make("echo.1", {}));
}

TEST_F(Groups, SayWhyThereAreNone) {
    const auto why_not = [&](const std::string& setting, const GroupSources& given) {
        return ControlGroups::open(setting, given).why_not();
    };
    EXPECT_THAT(why_not("off", sources(in_both, mounted())), HasSubstr("\"off\""));
    EXPECT_THAT(why_not("auto", sources("", "")), HasSubstr("in no group of cgroup v2"));
    EXPECT_THAT(why_not("auto", sources("4:memory:/x\n", mounted())), HasSubstr("in no group"));
    EXPECT_THAT(why_not("auto", sources(in_both, "22 1 0:20 / /sys rw - sysfs sysfs rw\n")),
                HasSubstr("not mounted"));
    EXPECT_THAT(why_not("auto", sources(in_both, "- cgroup2\n\n- - -\n")),
                HasSubstr("not mounted"));
    EXPECT_THAT(why_not("/nowhere", {}), HasSubstr("/nowhere: No such file"));
}

TEST_F(Groups, TellWhichLimitThisOneDoesNotHave) {
    write(own() / "cgroup.procs", "");
    const auto groups = ControlGroups::open(own().string());
    const auto group = groups.make("echo.1", {64 << 20, 0, 0.5, 0, 3U});
    ASSERT_TRUE(group) << group.error().text();
    EXPECT_THAT((*group)->told().in_force, IsEmpty());
    EXPECT_THAT((*group)->told().missing,
                ElementsAre(HasSubstr("this control group has no memory.max"),
                            HasSubstr("cpu 0.5: this control group has no cpu.max"),
                            HasSubstr("processes 3: ")));
    EXPECT_FALSE((*group)->usage().memory);
    EXPECT_EQ((*group)->usage().out_of_memory, 0U);
    EXPECT_FALSE((*group)->add(1));
}

TEST(GroupLimits, AreMissingOneByOneWithoutGroups) {
    EXPECT_THAT(all_missing({}, "x").missing, IsEmpty());
    EXPECT_THAT(all_missing({1, 1, 1, 1, 0U}, "x").missing,
                ElementsAre("memory of all its processes: x", "memory_request: x", "cpu: x",
                            "cpu_request: x"));
    EXPECT_THAT(all_missing({0, 0, 0, 0, 2U}, "x").missing, ElementsAre("processes: x"));
}

} // namespace
} // namespace noa::link
