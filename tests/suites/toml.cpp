// {"toml": FILE} → {"value": …} or {"error": "FILE:3:7: …"}: as the host reads its files.
#include <fstream>
#include <sstream>

#include "config/toml.hpp"
#include "lines.hpp"

int main() {
    answer_lines([](const nlohmann::json& question) -> nlohmann::json {
        const std::string path = question["toml"];
        const std::ifstream file(path, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        noa::config::Problems problems;
        auto tree = noa::config::parse_toml(text.str(), path, problems);
        return problems.empty() ? nlohmann::json{{"value", std::move(tree.value)}}
                                : nlohmann::json{{"error", problems.text()}};
    });
}
