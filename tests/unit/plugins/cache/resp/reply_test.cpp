#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "resp/number.hpp"
#include "resp/reply.hpp"

namespace cache::resp {
namespace {

// What `say(Reply&)` says in both protocols.
template <class Say>
std::string said(int protocol, Say&& say) {
    std::string out;
    Reply reply(out, protocol, 1000);
    say(reply);
    return out;
}

TEST(Reply, SaysEachThingInItsProtocol) {
    const struct {
        void (*say)(Reply&);
        const char* resp2;
        const char* resp3;
    } cases[] = {
        {[](Reply& r) { r.ok(); }, "+OK\r\n", "+OK\r\n"},
        {[](Reply& r) { r.error("ERR a\r\nb"); }, "-ERR a  b\r\n", "-ERR a  b\r\n"},
        {[](Reply& r) { r.integer(-7); }, ":-7\r\n", ":-7\r\n"},
        {[](Reply& r) { r.integer(std::numeric_limits<std::int64_t>::min()); },
         ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"},
        {[](Reply& r) { r.bulk("a\r\n"); }, "$3\r\na\r\n\r\n", "$3\r\na\r\n\r\n"},
        {[](Reply& r) { r.bulk_number(12); }, "$2\r\n12\r\n", "$2\r\n12\r\n"},
        {[](Reply& r) { r.null(); }, "$-1\r\n", "_\r\n"},
        {[](Reply& r) { r.null_array(); }, "*-1\r\n", "_\r\n"},
        {[](Reply& r) { r.boolean(true); }, ":1\r\n", "#t\r\n"},
        {[](Reply& r) { r.real(0.5); }, "$3\r\n0.5\r\n", ",0.5\r\n"},
        {[](Reply& r) { r.verbatim("ab"); }, "$2\r\nab\r\n", "=6\r\ntxt:ab\r\n"},
        {[](Reply& r) { r.array(11); }, "*11\r\n", "*11\r\n"},
        {[](Reply& r) { r.map(2); }, "*4\r\n", "%2\r\n"},
        {[](Reply& r) { r.set(2); }, "*2\r\n", "~2\r\n"},
        {[](Reply& r) { r.push(3); }, "*3\r\n", ">3\r\n"},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(said(2, one.say), one.resp2);
        EXPECT_EQ(said(3, one.say), one.resp3);
    }
}

TEST(Reply, LeavesOutWhatIsTooMuch) {
    std::string out = "before";
    Reply reply(out, 2, 20);
    reply.bulk(std::string(15, 'x'));
    EXPECT_EQ(out, "before");
    EXPECT_TRUE(reply.overflown());
}

TEST(Number, WholeOnesAsRedisReadsThem) {
    for (const char* text :
         {"", " 1", "1 ", "+1", "01", "-", "-0", "1.0", "0x1", "--1", "9223372036854775808",
          "-9223372036854775809", "10000000000000000000", "1a"}) {
        EXPECT_FALSE(whole_number(text)) << text;
    }
    EXPECT_EQ(whole_number("0"), 0);
    EXPECT_EQ(whole_number("-1"), -1);
    EXPECT_EQ(whole_number("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(whole_number("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(whole_number("999999999999999999"), 999'999'999'999'999'999);
}

TEST(Number, RealOnesAsRedisReadsThem) {
    for (const char* text : {"", " 1", "1 ", "nan", "1x", "1e99999"}) {
        EXPECT_FALSE(real_number(text)) << text;
    }
    EXPECT_FALSE(real_number(std::string("1\0002", 3)));
    EXPECT_FALSE(real_number(std::string(300, '1')));
    EXPECT_EQ(real_number("1.5"), 1.5L);
    EXPECT_EQ(real_number("+1e3"), 1000.0L);
    EXPECT_EQ(real_number("-inf"), -std::numeric_limits<long double>::infinity());
}

TEST(Number, RealOnesAsRedisWritesThem) {
    EXPECT_EQ(human_text(3.0L), "3");
    EXPECT_EQ(human_text(-0.1L), "-0.1");
    EXPECT_EQ(human_text(-0.0L), "0");
    EXPECT_EQ(human_text(1e-20L), "0");
    EXPECT_EQ(human_text(17'179'869'185.5L), "17179869185.5");
    EXPECT_EQ(exact_text(0.1), "0.10000000000000001");
    EXPECT_EQ(exact_text(-std::numeric_limits<double>::infinity()), "-inf");
}

} // namespace
} // namespace cache::resp
