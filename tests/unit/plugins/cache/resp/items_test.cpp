#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resp/items.hpp"

namespace cache::resp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Items items(const std::vector<std::string_view>& texts) {
    Items all;
    all.append(texts);
    return all;
}

TEST(Items, KeepTheirOrder) {
    Items all = items({"a", "", std::string_view("\0\r\n", 3)});
    all.prepend("first");
    EXPECT_EQ(all.count(), 4U);
    EXPECT_THAT(items_of(all.bytes()),
                ElementsAre("first", "a", "", std::string_view("\0\r\n", 3)));
}

TEST(Items, OfAnySize) {
    for (const std::size_t size : {0U, 127U, 128U, 16'383U, 16'384U, 3'000'000U}) {
        const std::string text(size, 'x');
        EXPECT_THAT(items_of(items({text, "end"}).bytes()), ElementsAre(text, "end"));
    }
}

TEST(Items, AreFoundReplacedAndErased) {
    Items all = items({"a", "1", "1", "b", "c", "3"});
    EXPECT_FALSE(find_field(all.bytes(), "3")) << "a value is no field";
    const auto field = find_field(all.bytes(), "1");
    ASSERT_TRUE(field);
    EXPECT_EQ(field->value.text, "b");
    all.replace(field->value, std::string(200, 'B'));
    EXPECT_THAT(items_of(all.bytes()), ElementsAre("a", "1", "1", std::string(200, 'B'), "c", "3"));
    const auto again = find_field(all.bytes(), "1");
    all.erase(again->field.begin, again->value.end, 2);
    EXPECT_THAT(items_of(all.bytes()), ElementsAre("a", "1", "c", "3"));
    EXPECT_EQ(all.count(), 4U);
    const auto item = find_item(all.bytes(), "c");
    ASSERT_TRUE(item);
    all.insert(item->begin, "before");
    EXPECT_THAT(items_of(all.bytes()), ElementsAre("a", "1", "before", "c", "3"));
}

TEST(Items, DamagedOnesEndEarly) {
    const Items whole = items({"abc", "defg", std::string(300, 'x')});
    for (std::size_t size = 0; size < whole.bytes().size(); ++size) {
        const std::string cut(whole.bytes().substr(0, size)); // of its own: a byte too far is seen
        EXPECT_LT(items_of(cut).size(), 3U);
    }
    EXPECT_THAT(items_of(std::string("\x01\0\0\0\xff\xff\xff\xff\xff", 9)), IsEmpty());
    EXPECT_THAT(items_of(std::string("\xff\xff\xff\xff\x01"
                                     "a",
                                     6)),
                ElementsAre("a"));
    EXPECT_EQ(Items("ab").count(), 0U);
}

} // namespace
} // namespace cache::resp
