// Every file in configs/ is one that an operator may copy.
#include <algorithm>

#include "config/explain.hpp"
#include "config/files.hpp"
#include "config/override.hpp"
#include "files_fixture.hpp"

namespace noa::config {
namespace {

std::string text_of(const std::filesystem::path& file) {
    return read_file(file, 1U << 20U).value_or("");
}

// The same text with what is commented out ("#key = value", "#[table]") in force.
std::string uncommented(std::string text) {
    for (auto at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
        if (at + 2 < text.size() && text[at + 2] != ' ' && text[at + 2] != '\n') {
            text.erase(at + 1, 1);
        }
    }
    return text;
}

TEST(examples, are_read_without_errors) {
    const auto files = list_toml(NOA_EXAMPLES_DIR);
    ASSERT_TRUE(files) << files.error().text();
    EXPECT_GE(files->size(), 2U);
    for (const auto& file : *files) {
        const auto config = load_text(text_of(file), file.string(), {});
        EXPECT_TRUE(config) << config.error().text();
        EXPECT_TRUE(!config || config->notices.empty());
    }
}

TEST(examples, the_commented_one_changes_nothing_and_has_every_key_with_its_default) {
    const auto file = std::filesystem::path(NOA_EXAMPLES_DIR) / "noa.toml";
    const auto as_it_is = load_text(text_of(file), "noa.toml", {});
    ASSERT_TRUE(as_it_is) << as_it_is.error().text();
    EXPECT_EQ(as_it_is->host, load_text("", "", {})->host);
    EXPECT_TRUE(as_it_is->agents.empty());

    const auto in_force = load_text(uncommented(text_of(file)), "noa.toml", {});
    ASSERT_TRUE(in_force) << in_force.error().text();
    const auto defaults = load_text("[agents.cache]", "", {});
    auto host = in_force->host;
    EXPECT_EQ(host.plugin_dirs.size(), 2U);
    host.plugin_dirs = defaults->host.plugin_dirs; // depends on the installation
    EXPECT_EQ(host, defaults->host);
    auto cache = in_force->agents.at("cache");
    EXPECT_FALSE(cache.settings.empty());
    cache.settings = nlohmann::json::object();
    EXPECT_EQ(cache, defaults->agents.at("cache"));
    const auto rows = explain(*in_force);
    ASSERT_TRUE(rows) << rows.error().text();
    for (const auto& row : *rows) {
        EXPECT_NE(row.at("origin"), "default") << row.at("key") << " is not in noa.toml";
    }
}

} // namespace
} // namespace noa::config
