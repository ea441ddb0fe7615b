#include "base/digest.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"

namespace noa {
namespace {

// From FIPS 180-2, appendix B.
constexpr auto digest_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr auto digest_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(digest, of_a_known_text_is_the_published_one) {
    EXPECT_EQ(digest_of("abc"), digest_of_abc);
    EXPECT_EQ(digest_of(""), digest_of_nothing);
}

TEST(digest, does_not_depend_on_the_pieces) {
    Digest digest;
    digest.add("a");
    digest.add("");
    digest.add("bc");
    EXPECT_EQ(digest.hex(), digest_of_abc);
}

TEST(digest, of_a_file_reads_from_its_start_whatever_the_offset) {
    const UniqueFd file(::memfd_create("digest", MFD_CLOEXEC));
    ASSERT_TRUE(file);
    const std::string big(200'000, 'x');
    ASSERT_EQ(::write(file.get(), big.data(), big.size()), static_cast<ssize_t>(big.size()));
    const auto digest = digest_of_file(file.get(), "big");
    ASSERT_TRUE(digest) << digest.error().text();
    EXPECT_EQ(*digest, digest_of(big));
}

TEST(digest, of_an_unreadable_file_names_it) {
    const auto digest = digest_of_file(-1, "/some/file");
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().object, "/some/file");
    EXPECT_EQ(digest.error().code, Errc::system);
}

} // namespace
} // namespace noa
