// A plugin's settings schema, up to the first NUL, against settings in TOML after it.
#include <cstdint>

#include "config/load.hpp"

using namespace noa::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto end = std::min(input.find('\0'), input.size());
    const auto settings = input.substr(std::min(end + 1, input.size()));
    const auto config = load_text("[agents.a.settings]\n" + std::string(settings), "fuzz.toml", {});
    if (config) {
        (void)check_settings(*config, config->agents.at("a"), std::string(input.substr(0, end)));
    }
    return 0;
}
