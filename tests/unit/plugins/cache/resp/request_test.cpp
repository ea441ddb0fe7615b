#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resp/request.hpp"

namespace cache::resp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = RequestReader::State;

// All requests in `bytes`, or the fault that ends them.
struct Read {
    std::vector<std::vector<std::string>> requests;
    std::string fault;
    std::size_t rest = 0;
};

Read read_all(std::string_view bytes, const RequestLimits& limits = {}) {
    RequestReader reader;
    Read out;
    for (;;) {
        const State state = reader.read(bytes, limits);
        if (state != State::ready) {
            out.fault = state == State::broken ? std::string(reader.fault()) : "";
            out.rest = bytes.size();
            return out;
        }
        out.requests.emplace_back(reader.args().begin(), reader.args().end());
        bytes.remove_prefix(reader.size());
        reader.next();
    }
}

// The same, a byte at a time, from memory that moves with each.
Read read_slowly(std::string_view bytes) {
    RequestReader reader;
    Read out;
    std::string have;
    for (const char byte : bytes) {
        have = std::string(have).append(1, byte);
        have.shrink_to_fit();
        const State state = reader.read(have);
        if (state == State::broken) {
            out.fault = reader.fault();
            break;
        }
        if (state == State::ready) {
            out.requests.emplace_back(reader.args().begin(), reader.args().end());
            have.erase(0, reader.size());
            reader.next();
        }
    }
    out.rest = have.size();
    return out;
}

TEST(Request, ArraysOfBulkStrings) {
    const std::string bytes("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$0\r\n\r\n*1\r\n$3\r\na\r\n\r\n");
    for (const Read& read : {read_all(bytes), read_slowly(bytes)}) {
        EXPECT_THAT(read.requests,
                    ElementsAre(ElementsAre("GET", "a"), ElementsAre(""), ElementsAre("a\r\n")));
        EXPECT_EQ(read.rest, 0U);
    }
}

TEST(Request, EmptyOnesAreNone) {
    for (const char* bytes : {"\r\n", "\n", "*0\r\n", "*-1\r\n", "*-10\r\n", "   \r\n"}) {
        EXPECT_THAT(read_all(bytes).requests, ElementsAre(IsEmpty())) << bytes;
        EXPECT_THAT(read_slowly(bytes).requests, ElementsAre(IsEmpty())) << bytes;
    }
}

TEST(Request, LinesOfWords) {
    const struct {
        const char* line;
        std::vector<std::string> words;
    } cases[] = {
        {"PING\r\n", {"PING"}},
        {"PING\n", {"PING"}},
        {"  set  a   b \r\n", {"set", "a", "b"}},
        {"set a \"b c\"\n", {"set", "a", "b c"}},
        {R"(set a "\x41\n\r\t\b\a\"\\\q")"
         "\n",
         {"set", "a", "A\n\r\t\b\a\"\\q"}},
        {R"(set a "\xzz")"
         "\n",
         {"set", "a", "xzz"}},
        {R"(set a 'b\'c\n')"
         "\n",
         {"set", "a", R"(b'c\n)"}},
        {"set a ''\n", {"set", "a", ""}},
        {"a\"b c\"\n", {"ab c"}},
    };
    for (const auto& one : cases) {
        EXPECT_THAT(read_all(one.line).requests, ElementsAre(one.words)) << one.line;
        EXPECT_THAT(read_slowly(one.line).requests, ElementsAre(one.words)) << one.line;
    }
}

TEST(Request, FaultsAreToldAsRedisDoes) {
    const struct {
        std::string bytes;
        const char* fault;
    } cases[] = {
        {"*3000000000\r\n", "invalid multibulk length"},
        {"*1048577\r\n", "invalid multibulk length"},
        {"*x\r\n", "invalid multibulk length"},
        {"* 1\r\n", "invalid multibulk length"},
        {"*1\r\nfoo\r\n", "expected '$', got 'f'"},
        {"*1\r\n$-10\r\n", "invalid bulk length"},
        {"*1\r\n$2000000000\r\n", "invalid bulk length"},
        {"*1\r\n$536870912\r\n", "invalid bulk length"},
        {"*1\r\n$33554433\r\n", "invalid bulk length"},
        {"*1\r\n$blabla\r\n", "invalid bulk length"},
        {"*1\r\n$\r\n", "invalid bulk length"},
        {"set \"a\r\n", "unbalanced quotes in request"},
        {"set \"a\"b\r\n", "unbalanced quotes in request"},
        {"set 'a\r\n", "unbalanced quotes in request"},
        {std::string(longest_line + 1, 'a'), "too big inline request"},
        {"*" + std::string(longest_line, '1'), "too big mbulk count string"},
        {"*1\r\n$" + std::string(longest_line + 4, '1'), "too big bulk count string"},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(read_all(one.bytes).fault, std::string("Protocol error: ") + one.fault);
        EXPECT_EQ(read_slowly(one.bytes).fault, std::string("Protocol error: ") + one.fault);
    }
}

TEST(Request, StrangersMayAnnounceLess) {
    EXPECT_EQ(read_all("*11\r\n", RequestLimits::stranger()).fault,
              "Protocol error: unauthenticated multibulk length");
    EXPECT_EQ(read_all("*1\r\n$16385\r\n", RequestLimits::stranger()).fault,
              "Protocol error: unauthenticated bulk length");
    EXPECT_EQ(read_all("*10\r\n$16384\r\n", RequestLimits::stranger()).fault, "");
}

TEST(Request, TellsWhatIsMissing) {
    RequestReader reader;
    const std::string_view bytes("*2\r\n$3\r\nSET\r\n$1000\r\nabc");
    EXPECT_EQ(reader.read(bytes), State::incomplete);
    EXPECT_EQ(reader.missing(bytes.size()), 999U);
    EXPECT_EQ(RequestReader().missing(0), 0U);
}

TEST(Request, WhatIsAnnouncedTakesNoMemory) {
    RequestReader reader;
    EXPECT_EQ(reader.read("*1048576\r\n$33554432\r\n"), State::incomplete);
    EXPECT_THAT(reader.args(), IsEmpty());
}

TEST(Request, AllOfARequestIsBounded) {
    RequestReader reader;
    std::string bytes("*3\r\n");
    for (unsigned element = 0; element < 2; ++element) {
        bytes.append("$33000000\r\n").append(33'000'000, 'x').append("\r\n");
    }
    bytes.append("$33000000\r\n");
    EXPECT_EQ(reader.read(bytes), State::broken);
    EXPECT_EQ(reader.fault(), "Protocol error: invalid bulk length");
}

} // namespace
} // namespace cache::resp
