// What a language model streams, in whatever pieces it comes.
#include <string>

#include <gtest/gtest.h>

#include "assist/completion_stream.hpp"

namespace drafting::assist {

namespace {

std::string chunk(const std::string& content) {
    return R"(data: {"choices":[{"delta":{"content":")" + content + "\"}}]}\n\n";
}

constexpr const char* stopped =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

TEST(CompletionStream, IsTheSameInPiecesOfAnySize) {
    const std::string all = ": a comment\nevent: message\r\ndata: {\"choices\":[]}\r\n\r\n" +
                            chunk("One ") + chunk("\\u00e9\\r\\ntwo") + stopped + "what follows";
    for (std::size_t size = 1; size < all.size(); ++size) {
        CompletionStream stream(100);
        std::string heard;
        for (std::size_t at = 0; at < all.size(); at += size) {
            const auto brought = stream.add(all.substr(at, size));
            ASSERT_TRUE(brought) << brought.error().text;
            heard += *brought;
        }
        EXPECT_EQ(heard, "One é\ntwo");
        EXPECT_EQ(stream.text(), heard);
        EXPECT_TRUE(stream.is_done());
        EXPECT_EQ(stream.reason(), "stop");
    }
}

TEST(CompletionStream, HasBounds) {
    CompletionStream stream(5);
    EXPECT_TRUE(stream.add(chunk("12345")));
    EXPECT_EQ(stream.add(chunk("6")).error().status, NOA_E_TOO_LARGE);
    CompletionStream endless(5);
    EXPECT_FALSE(endless.add("data: " + std::string(300'000, 'x')));
}

TEST(CompletionStream, SaysWhatIsNoStream) {
    for (const char* text : {"data: {\n", "data: 1\n", "data: \"\xff\"\n", "data:\n"}) {
        EXPECT_FALSE(CompletionStream(5).add(text)) << text;
    }
    const auto told = CompletionStream(5).add(R"(data: {"error":{"message":"no credit"}})"
                                              "\n");
    EXPECT_EQ(told.error().text, "the model's server: no credit");
    for (const char* text :
         {"<html>\n", "data: {\"choices\":{}}\n", "data: {\"choices\":[1]}\n",
          "data: {\"choices\":[{\"delta\":{\"content\":7},\"finish_reason\":[]}]}\n"}) {
        EXPECT_EQ(*CompletionStream(5).add(text), "") << text;
    }
}

} // namespace

} // namespace drafting::assist
