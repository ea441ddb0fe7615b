#include "config.hpp"

#include <charconv>
#include <string>

#include "json_reader.hpp"
#include "polynomial.hpp"

namespace backup {

noa::sdk::Result<RepositoryConfig> parse_config(std::string_view json) {
    RepositoryConfig config;
    config.version = 0;
    std::string text;
    JsonReader reader(json);
    reader.object([&](std::string_view key) {
        if (key == "version") {
            return reader.number(config.version);
        }
        if (key == "id") {
            return reader.text(text) && from_hex(text, config.id.bytes);
        }
        if (key == "chunker_polynomial") {
            if (!reader.text(text)) {
                return false;
            }
            const auto end =
                std::from_chars(text.data(), text.data() + text.size(), config.polynomial, 16);
            return end.ec == std::errc() && end.ptr == text.data() + text.size();
        }
        return reader.skip();
    });
    if (config.version > 2) {
        return noa::sdk::Error{NOA_E_UNSUPPORTED, "config: format version " +
                                                      std::to_string(config.version) +
                                                      " is newer than this program; upgrade noa"};
    }
    if (!reader.finished() || config.version == 0 || !is_irreducible(config.polynomial)) {
        return noa::sdk::invalid("config: not as a repository's is written");
    }
    return config;
}

} // namespace backup
