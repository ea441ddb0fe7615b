#include <cmath>

#include "base/utf8.hpp"
#include "config/override.hpp"
#include "config/tree.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

constexpr unsigned max_written_depth = 32;

class Writer {
public:
    void table(const json& value, const std::string& path, unsigned depth) {
        if (depth > max_written_depth) {
            refuse(path, "nested deeper than 32 levels");
            return;
        }
        for (const auto& [key, child] : value.items()) {
            if (!child.is_object()) {
                out_ += dotted("", key) + " = ";
                inline_value(child, dotted(path, key), depth + 1);
                out_ += '\n';
            }
        }
        for (const auto& [key, child] : value.items()) {
            if (child.is_object()) {
                const auto name = dotted(path, key);
                out_ += "\n[" + name + "]\n";
                table(child, name, depth + 1);
            }
        }
    }

    Result<std::string> take() {
        if (!problem_.empty()) {
            return fail(Errc::invalid, "write configuration", problem_key_, problem_);
        }
        return std::move(out_);
    }

private:
    void refuse(const std::string& path, const std::string& why) {
        if (problem_.empty()) {
            problem_key_ = path;
            problem_ = why;
        }
    }

    void inline_value(const json& value, const std::string& path, unsigned depth) {
        if (depth > max_written_depth) {
            refuse(path, "nested deeper than 32 levels");
        } else if (value.is_string()) {
            const auto& text = value.get_ref<const std::string&>();
            out_ += quoted_toml(text);
            if (bounded_utf8(text, text.size() + 3) != text) {
                refuse(path, "not UTF-8 text");
            }
        } else if (value.is_array()) {
            list(value, path, depth);
        } else if (value.is_object()) {
            inline_table(value, path, depth);
        } else if (value.is_null() || value.is_binary() || value.is_discarded()) {
            refuse(path, "TOML has no null");
        } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
            refuse(path, "not a finite number");
        } else if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
            refuse(path, "larger than a TOML integer");
        } else {
            out_ += value.dump();
        }
    }

    void list(const json& value, const std::string& path, unsigned depth) {
        out_ += '[';
        for (std::size_t i = 0; i < value.size(); ++i) {
            out_ += i == 0 ? "" : ", ";
            inline_value(value[i], element(path, i), depth + 1);
        }
        out_ += ']';
    }

    void inline_table(const json& value, const std::string& path, unsigned depth) {
        out_ += '{';
        const char* separator = " ";
        for (const auto& [key, child] : value.items()) {
            out_ += separator + dotted("", key) + " = ";
            inline_value(child, dotted(path, key), depth + 1);
            separator = ", ";
        }
        out_ += " }";
    }

    std::string out_;
    std::string problem_;
    std::string problem_key_;
};

} // namespace

Result<std::string> render_toml(const json& tree) {
    if (!tree.is_object()) {
        return fail(Errc::invalid, "write configuration", "", "expected a table");
    }
    Writer writer;
    writer.table(tree, "", 0);
    return writer.take();
}

} // namespace noa::config
