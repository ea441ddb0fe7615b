#include "noa/sdk/json_text.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace noa::sdk {
namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json(out, text);
    return out;
}

TEST(JsonText, EscapesWhatMustBeEscaped) {
    EXPECT_EQ(quoted("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")");
    EXPECT_EQ(quoted("grün €"), "\"grün €\"");
}

TEST(JsonText, ReplacesWhatIsNotUtf8) {
    for (const char* text :
         {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "a\xc3"}) {
        EXPECT_TRUE(nlohmann::json::accept(quoted(text)));
        EXPECT_NE(quoted(text).find("\uFFFD"), std::string::npos);
    }
}

TEST(JsonText, WritesNumbersThatParse) {
    std::string out;
    {
        JsonObject object(out);
        object.add("whole", std::uint64_t{18446744073709551615U});
        object.add("part", 0.5);
        object.add("none", std::numeric_limits<double>::infinity());
        object.add("yes", true);
    }
    EXPECT_EQ(out, R"({"whole":18446744073709551615,"part":0.5,"none":null,"yes":true})");
}

} // namespace
} // namespace noa::sdk
