#include "link/sealed.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

namespace noa::link {
namespace {

UniqueFd memory(unsigned seals, std::size_t size) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    return fd;
}

TEST(Sealed, CannotBeChangedAndReadsBack) {
    const std::string bytes(100'000, 'x');
    const auto fd = seal(bytes);
    ASSERT_TRUE(fd);
    EXPECT_TRUE(is_sealed(fd->get(), bytes.size()));
    EXPECT_EQ(::pwrite(fd->get(), "y", 1, 0), -1);
    EXPECT_EQ(::ftruncate(fd->get(), 1), -1);
    std::string copy(bytes.size(), '\0');
    ASSERT_TRUE(read_sealed(fd->get(), copy.data(), copy.size()));
    EXPECT_EQ(copy, bytes);
    const auto view = SealedView::open(fd->get());
    ASSERT_TRUE(view);
    EXPECT_EQ(view->bytes(), bytes);
}

TEST(Sealed, EachSealAndTheExactSizeAreWanted) {
    constexpr unsigned all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    EXPECT_TRUE(is_sealed(memory(all, 10).get(), 10));
    EXPECT_FALSE(is_sealed(memory(all, 10).get(), 11));
    EXPECT_FALSE(is_sealed(memory(all, 10).get(), 9));
    for (const unsigned missing : {F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_GROW}) {
        EXPECT_FALSE(is_sealed(memory(all & ~missing, 10).get(), 10)) << missing;
    }
    EXPECT_FALSE(SealedView::open(memory(0, 10).get()));
}

TEST(Sealed, AFileOrASocketIsNone) {
    const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(is_sealed(file.get(), 10));
    EXPECT_FALSE(is_sealed(-1, 0));
}

} // namespace
} // namespace noa::link
