// The configuration loader on any text, and what is done with what it read.
#include <cstdint>
#include <cstdlib>

#include "config/diff.hpp"
#include "config/explain.hpp"
#include "config/load.hpp"
#include "config/override.hpp"
#include "config/toml.hpp"

using namespace noa::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Problems problems;
    const auto tree = parse_toml(text, "fuzz.toml", problems);
    if (problems.empty()) {
        const auto written = render_toml(tree.value);
        if (!written || parse_toml(*written, "again.toml", problems).value != tree.value) {
            std::abort(); // what is read can be written, and reads back the same
        }
    }
    const std::map<std::string, std::string> environment{{"NOA_AGENTS_A_SETTINGS_X", "1"}};
    const auto config = load_text(text, "fuzz.toml", environment);
    if (config && (!explain(*config) || !diff(*config, *config).empty())) {
        std::abort();
    }
    return 0;
}
