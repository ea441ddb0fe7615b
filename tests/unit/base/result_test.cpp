#include "base/result.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace noa {
namespace {

TEST(error, text_joins_what_is_there) {
    const Error whole{Errc::refused, "load plugin", "/p/cache.so", "abi_major: wanted 1, found 2",
                      "rebuild it"};
    EXPECT_EQ(whole.text(), "load plugin: /p/cache.so: abi_major: wanted 1, found 2 (rebuild it)");
    const Error bare{Errc::busy, "call", "", "full", ""};
    EXPECT_EQ(bare.text(), "call: full");
    EXPECT_EQ((Error{Errc::internal, "", "", "why", ""}).text(), "why");
}

TEST(error, of_the_system_takes_its_words_and_its_code) {
    const Result<int> missing = fail_errno("open", "/x", ENOENT);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_EQ(missing.error().reason, "No such file or directory");
    EXPECT_EQ(fail_errno("open", "/x", EACCES).value().code, Errc::denied);
    EXPECT_EQ(fail_errno("open", "/x", EBUSY).value().code, Errc::busy);
    EXPECT_EQ(fail_errno("open", "/x", ETIMEDOUT).value().code, Errc::timed_out);
    EXPECT_EQ(fail_errno("open", "/x", EIO).value().code, Errc::system);
}

TEST(error, codes_have_one_name_each) {
    EXPECT_EQ(name_of(Errc::invalid), "invalid");
    EXPECT_EQ(name_of(Errc::timed_out), "timed_out");
    EXPECT_EQ(name_of(Errc::internal), "internal");
}

} // namespace
} // namespace noa
