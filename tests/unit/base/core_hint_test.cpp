#include "base/core_hint.hpp"

#include <gtest/gtest.h>

namespace noa {
namespace {

TEST(CoreHint, NamesWhereToLook) {
    EXPECT_EQ(core_hint("|/usr/lib/systemd/systemd-coredump %P %u\n", 0), "coredumpctl info");
    EXPECT_EQ(core_hint("|/usr/share/apport/apport -p%p\n", 0),
              "the kernel hands cores to /usr/share/apport/apport");
    EXPECT_NE(core_hint("core\n", 0).find("its limit is 0"), std::string::npos);
    EXPECT_EQ(core_hint("/var/crash/core.%p\n", 1),
              "core file: /var/crash/core.%p (/proc/sys/kernel/core_pattern)");
    EXPECT_EQ(core_hint("core\n", ~0ULL),
              "core file: in its working directory, core (/proc/sys/kernel/core_pattern)");
    EXPECT_FALSE(core_hint().empty());
}

} // namespace
} // namespace noa
