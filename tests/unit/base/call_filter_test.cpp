#include "base/call_filter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace noa {
namespace {

constexpr std::uint32_t denied = SCMP_ACT_ERRNO(EPERM);
constexpr std::uint32_t foreign = SCMP_ACT_ERRNO(ENOSYS);

// In a child, since a filter is for good: what `tried` answers is its exit code.
template <class Tried>
void in_a_child(Tried tried) {
    EXPECT_EXIT(::_exit(tried() ? 0 : 1), testing::ExitedWithCode(0), "");
}

bool is_denied(long result) {
    return result < 0 && errno == EPERM;
}

TEST(CallNames, AreThoseOfTheKernel) {
    EXPECT_EQ(number_of_call("mount"), SYS_mount);
    EXPECT_EQ(name_of_call(SYS_mount), "mount");
    EXPECT_EQ(number_of_call("no_such_call"), -1);
    EXPECT_EQ(name_of_call(100'000), "system call 100000");
}

TEST(CallNames, NewerOnesThanTheLibraryKnowsAreKnown) {
    EXPECT_EQ(number_of_call("file_setattr"), 469);
    EXPECT_EQ(name_of_call(469), "file_setattr");
}

TEST(CallFilter, AnswersWhatItWasToldToAndMakesTheRest) {
    in_a_child([] {
        CallFilter filter(foreign);
        filter.answer("getppid chdir", denied);
        return filter.load().has_value() && is_denied(::syscall(SYS_getppid)) &&
               is_denied(::chdir("/")) && ::getpid() > 0;
    });
}

TEST(CallFilter, LooksIntoArguments) {
    in_a_child([] {
        CallFilter filter(foreign);
        filter.answer("openat", denied, {{2, SCMP_CMP_MASKED_EQ, O_WRONLY, O_WRONLY}});
        filter.answer("openat", denied, {{2, SCMP_CMP_MASKED_EQ, O_RDWR, O_RDWR}});
        return filter.load().has_value() &&
               is_denied(::openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC)) &&
               is_denied(::openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC)) &&
               ::openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
    });
}

#if defined(__x86_64__)
TEST(CallFilter, NumbersOfAnotherArchitectureAreNoWayAround) {
    in_a_child([] {
        constexpr long x32_bit = 0x40000000;
        CallFilter filter(denied);
        filter.answer("getppid", denied);
        return filter.load().has_value() && is_denied(::syscall(SYS_getpid | x32_bit));
    });
}
#endif

TEST(CallFilter, GivesADescriptorWhenSomebodyIsToBeTold) {
    in_a_child([] {
        CallFilter filter(foreign);
        filter.answer("getppid", SCMP_ACT_NOTIFY);
        const auto fd = filter.load();
        pollfd asked{fd ? fd->get() : -1, POLLIN, 0};
        return fd.has_value() && ::poll(&asked, 1, 0) == 0;
    });
}

TEST(CallFilter, PassesOverWhatThisProcessorDoesNotHave) {
    in_a_child([] {
        CallFilter filter(foreign);
        filter.answer("ipc", denied); // of x86 with 32 bits
        return filter.load().has_value();
    });
}

TEST(CallFilter, IsNoneWithANameThatNobodyKnows) {
    in_a_child([] {
        CallFilter filter(foreign);
        filter.answer("getppid no_such_call", denied);
        return !filter.load() && ::getppid() > 0;
    });
}

} // namespace
} // namespace noa
