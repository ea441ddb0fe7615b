#include "base/ids.hpp"

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace noa {
namespace {

TEST(ids, are_version_7_of_the_rfc_variant) {
    const auto id = make_id();
    EXPECT_EQ(id.bytes[6] >> 4U, 7);
    EXPECT_EQ(id.bytes[8] >> 6U, 2);
    EXPECT_FALSE(is_zero(id));
    EXPECT_TRUE(is_zero(noa_id{}));
}

TEST(ids, grow_on_one_thread) {
    auto before = make_id();
    for (int i = 0; i < 20'000; ++i) {
        const auto id = make_id();
        ASSERT_LT(std::memcmp(before.bytes, id.bytes, 8), 0);
        before = id;
    }
}

TEST(ids, of_several_threads_never_meet) {
    constexpr std::size_t threads = 4;
    constexpr std::size_t each = 5'000;
    std::vector<std::vector<std::string>> made(threads);
    std::vector<std::thread> running;
    running.reserve(threads);
    for (auto& mine : made) {
        running.emplace_back([&mine] {
            for (std::size_t i = 0; i < each; ++i) {
                mine.push_back(to_string(make_id()));
            }
        });
    }
    for (auto& thread : running) {
        thread.join();
    }
    std::set<std::string> all;
    for (const auto& mine : made) {
        all.insert(mine.begin(), mine.end());
    }
    EXPECT_EQ(all.size(), threads * each);
}

TEST(ids, come_back_from_their_text) {
    const auto id = make_id();
    const auto text = to_string(id);
    ASSERT_EQ(text.size(), 36U);
    const auto back = parse_id(text);
    ASSERT_TRUE(back);
    EXPECT_EQ(std::memcmp(back->bytes, id.bytes, sizeof id.bytes), 0);
}

TEST(ids, that_are_not_of_the_one_form_are_refused) {
    const std::string good = "01890a5d-ac96-774b-bcce-b302099a8057";
    EXPECT_TRUE(parse_id(good));
    for (const auto* bad :
         {"", "01890a5d", "01890a5dac96774bbcceb302099a8057",
          "01890A5D-AC96-774B-BCCE-B302099A8057", "01890a5d-ac96-774b-bcce-b302099a805",
          "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d-ac96-774b-bcce_b302099a8057",
          "01890a5d-ac96-774b-bcce-b302099a805g"}) {
        EXPECT_FALSE(parse_id(bad)) << bad;
    }
}

} // namespace
} // namespace noa
