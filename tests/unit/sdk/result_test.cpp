#include "noa/sdk/result.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace noa::sdk {
namespace {

Result<std::unique_ptr<int>> positive(int value) {
    if (value < 0) {
        return invalid("negative");
    }
    return std::make_unique<int>(value);
}

TEST(Result, CarriesAValueOrAnError) {
    EXPECT_EQ(**positive(3), 3);
    const auto failed_one = positive(-1);
    ASSERT_FALSE(failed_one);
    EXPECT_EQ(failed_one.error().status, NOA_E_INVALID);
    EXPECT_EQ(failed_one.error().text, "negative");
}

TEST(Result, OfVoidIsOkByDefault) {
    EXPECT_TRUE(Status());
    EXPECT_FALSE(Status(not_found("x")));
}

TEST(Fill, CutsTheTextAtACharacter) {
    noa_error error{};
    error.struct_size = sizeof error;
    std::string text(NOA_ERROR_TEXT_BYTES - 2, 'a');
    text += "ö"; // two bytes, of which only one would fit
    text += "tail";
    EXPECT_EQ(fill(error, NOA_E_FAILED, text), NOA_E_FAILED);
    EXPECT_EQ(std::string(error.text), std::string(NOA_ERROR_TEXT_BYTES - 2, 'a'));
    EXPECT_EQ(error.code, NOA_E_FAILED);
}

TEST(Fill, KeepsAShortText) {
    noa_error error{};
    fill(error, NOA_E_BUSY, "busy");
    EXPECT_STREQ(error.text, "busy");
    fill(error, NOA_E_BUSY, "");
    EXPECT_STREQ(error.text, "");
}

} // namespace
} // namespace noa::sdk
