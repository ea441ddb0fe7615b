#include "link/reach.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace noa::link {
namespace {

TEST(Reach, IsAPathWithAllThatIsBelowIt) {
    const Reach reach({{"/usr/lib"}, {"/dev/null", true}, {"/nowhere"}});
    EXPECT_TRUE(reach.allows("/usr/lib", false));
    EXPECT_TRUE(reach.allows("/usr/lib/os-release", false));
    EXPECT_TRUE(reach.allows("/usr/lib/not/there", false));
    EXPECT_FALSE(reach.allows("/usr/lib/os-release", true));
    EXPECT_TRUE(reach.allows("/dev/null", true));
    EXPECT_FALSE(reach.allows("/usr/library", false));
    EXPECT_FALSE(reach.allows("/usr", false));
    EXPECT_FALSE(reach.allows("/", false));
    EXPECT_FALSE(reach.allows("", false));
}

TEST(Reach, OfTheRootIsEverything) {
    EXPECT_TRUE(Reach({{"/"}}).allows("/etc/passwd", false));
}

TEST(Reach, IsOfAFileAndNotOfItsName) {
    EXPECT_TRUE(Reach({{"/proc/self/root/usr"}}).allows("/usr/bin", false));
}

TEST(Reachable, HasThePluginsFolderAndWhatIsDeclared) {
    Confinement confinement;
    confinement.read = {"/srv/in"};
    confinement.write = {"/srv/out"};
    const auto all = reachable(confinement, "/plugins/one.so");
    const auto find = [&](const std::string& path) {
        return std::find_if(all.begin(), all.end(),
                            [&](const Reachable& each) { return each.path == path; });
    };
    ASSERT_NE(find("/plugins"), all.end());
    EXPECT_FALSE(find("/plugins")->declared);
    ASSERT_NE(find("/srv/in"), all.end());
    EXPECT_FALSE(find("/srv/in")->change);
    ASSERT_NE(find("/srv/out"), all.end());
    EXPECT_TRUE(find("/srv/out")->change);
    EXPECT_EQ(find("/etc"), all.end());
}

} // namespace
} // namespace noa::link
