#include <cstddef>
#include <cstdint>
#include <string>

#include "base/names.hpp"
#include "plugin/library.hpp"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

// Up to and including the last mandatory member.
constexpr std::size_t table_min = offsetof(noa_plugin, destroy) + sizeof(noa_plugin::destroy);

Failure refuse(const std::filesystem::path& path, std::string reason) {
    return fail(Errc::refused, "check plugin table", path.string(), std::move(reason),
                "rebuild it against noa/plugin.h");
}

Result<void> check_size(const noa_plugin& table, const std::filesystem::path& path) {
    const std::string found = std::to_string(table.struct_size);
    if (table.struct_size < table_min) {
        return refuse(path, differs("struct_size", "at least " + std::to_string(table_min), found));
    }
    if (table.struct_size > struct_size_max) {
        return refuse(path,
                      differs("struct_size", "at most " + std::to_string(struct_size_max), found));
    }
    return {};
}

Result<void> check_functions(const noa_plugin& table, const std::filesystem::path& path) {
    const char* missing = table.create == nullptr    ? "create"
                          : table.handle == nullptr  ? "handle"
                          : table.destroy == nullptr ? "destroy"
                                                     : nullptr;
    return missing == nullptr ? Result<void>{}
                              : refuse(path, differs(missing, "a function", "NULL"));
}

// `line`: no control characters.
Result<void> check_text(const char* text, std::string_view field, std::size_t limit, bool line,
                        const std::filesystem::path& path) {
    if (text == nullptr) {
        return {};
    }
    const auto view = bounded(text, limit + 1);
    if (view.size() > limit) {
        return refuse(path, differs(field, "at most " + std::to_string(limit) + " bytes", "more"));
    }
    if (line ? !is_line(view) : !is_utf8(view)) {
        return refuse(path, differs(field, line ? "one line of UTF-8" : "UTF-8",
                                    "'" + printable(view, 64) + "'"));
    }
    return {};
}

Result<void> check_texts(const noa_plugin& table, const std::filesystem::path& path) {
    if (table.id == nullptr || table.version == nullptr) {
        return refuse(path, differs(table.id == nullptr ? "id" : "version", "a text", "NULL"));
    }
    const auto id = bounded(table.id, NOA_AGENT_NAME_MAX + 1);
    if (!is_agent_name(id)) {
        return refuse(path, differs("id", "[a-z0-9] first, then [a-z0-9_-], at most 63 bytes",
                                    "'" + printable(id, NOA_AGENT_NAME_MAX) + "'"));
    }
    if (auto checked = check_text(table.version, "version", version_max, true, path); !checked) {
        return checked;
    }
    if (auto checked = check_text(table.description, "description", description_max, true, path);
        !checked) {
        return checked;
    }
    return check_text(table.settings_schema, "settings_schema", settings_schema_max, false, path);
}

} // namespace

Result<void> check_table(const noa_plugin* table, const std::filesystem::path& path) {
    if (table == nullptr) {
        return refuse(path, differs("table", "a table", "NULL"));
    }
    if (reinterpret_cast<std::uintptr_t>(table) % alignof(noa_plugin) != 0) {
        return refuse(path, differs("table", "an aligned address", "another"));
    }
    if (auto checked = check_size(*table, path); !checked) {
        return checked;
    }
    if (auto checked = check_functions(*table, path); !checked) {
        return checked;
    }
    if (auto checked = check_texts(*table, path); !checked) {
        return checked;
    }
    if (table->oldest_state_schema > table->state_schema) {
        return refuse(path, differs("oldest_state_schema",
                                    "at most state_schema " + std::to_string(table->state_schema),
                                    std::to_string(table->oldest_state_schema)));
    }
    return {};
}

} // namespace noa::plugin
