#include <gtest/gtest.h>

#include <string>

#include "plugin/library.hpp"

namespace noa::plugin {
namespace {

class CheckTable : public testing::Test {
protected:
    CheckTable() {
        table_.struct_size = sizeof table_;
        table_.id = "cache";
        table_.version = "1.2.3";
        table_.create = [](const noa_host*, noa_context, noa_agent**, noa_error*) {
            return NOA_OK;
        };
        table_.handle = [](noa_agent*, const noa_message*, noa_delivery, noa_error*) {
            return NOA_OK;
        };
        table_.destroy = [](noa_agent*) {};
    }
    [[nodiscard]] std::string reason() const {
        const auto checked = check_table(&table_, "/x/cache.so");
        if (!checked) {
            EXPECT_EQ(checked.error().object, "/x/cache.so");
        }
        return checked ? "" : checked.error().reason;
    }
    noa_plugin table_{};
};

TEST_F(CheckTable, MandatoryMembersAreEnough) {
    EXPECT_EQ(reason(), "");
}

TEST_F(CheckTable, AMissingTailIsFine) {
    table_.struct_size = offsetof(noa_plugin, extension);
    EXPECT_EQ(reason(), "");
}

TEST_F(CheckTable, SizesFromTheFutureAreFineUpToALimit) {
    table_.struct_size = 64 * 1024;
    EXPECT_EQ(reason(), "");
    table_.struct_size = 64 * 1024 + 1;
    EXPECT_EQ(reason(), "struct_size: wanted at most 65536, found 65537");
}

TEST_F(CheckTable, WithoutDestroyItIsTooShort) {
    table_.struct_size = offsetof(noa_plugin, extension) - 1;
    EXPECT_EQ(reason(), "struct_size: wanted at least " +
                            std::to_string(offsetof(noa_plugin, extension)) + ", found " +
                            std::to_string(offsetof(noa_plugin, extension) - 1));
}

TEST_F(CheckTable, ANewerMinorIsTheNotesBusiness) {
    table_.abi_minor = 7;
    EXPECT_EQ(reason(), "");
}

TEST_F(CheckTable, MissingFunctionsAreNamed) {
    table_.destroy = nullptr;
    EXPECT_EQ(reason(), "destroy: wanted a function, found NULL");
    table_.handle = nullptr;
    EXPECT_EQ(reason(), "handle: wanted a function, found NULL");
    table_.create = nullptr;
    EXPECT_EQ(reason(), "create: wanted a function, found NULL");
}

TEST_F(CheckTable, NoTableAtAll) {
    EXPECT_EQ(check_table(nullptr, "/x").error().reason, "table: wanted a table, found NULL");
}

TEST_F(CheckTable, TextsAreBounded) {
    const std::string long_text(std::size_t{300} * 1024, 'x');
    table_.version = long_text.c_str();
    EXPECT_EQ(reason(), "version: wanted at most 63 bytes, found more");
    table_.version = "1";
    table_.description = long_text.c_str();
    EXPECT_EQ(reason(), "description: wanted at most 255 bytes, found more");
    table_.description = nullptr;
    table_.settings_schema = long_text.c_str();
    EXPECT_EQ(reason(), "settings_schema: wanted at most 262144 bytes, found more");
    table_.settings_schema = nullptr;
    table_.id = long_text.c_str();
    EXPECT_TRUE(reason().starts_with("id: wanted "));
}

TEST_F(CheckTable, TextsAreCleanUtf8) {
    table_.version = "1\n2";
    EXPECT_EQ(reason(), "version: wanted one line of UTF-8, found '1 2'");
    table_.version = "1";
    table_.settings_schema = "{\n\t\"type\": \"object\"\n}";
    EXPECT_EQ(reason(), "");
    table_.settings_schema = "\xff";
    EXPECT_EQ(reason(), "settings_schema: wanted UTF-8, found '?'");
}

TEST_F(CheckTable, MandatoryTextsAreNamed) {
    table_.version = nullptr;
    EXPECT_EQ(reason(), "version: wanted a text, found NULL");
    table_.id = nullptr;
    EXPECT_EQ(reason(), "id: wanted a text, found NULL");
}

TEST_F(CheckTable, StateSchemasAreInOrder) {
    table_.state_schema = 2;
    table_.oldest_state_schema = 3;
    EXPECT_EQ(reason(), "oldest_state_schema: wanted at most state_schema 2, found 3");
}

} // namespace
} // namespace noa::plugin
