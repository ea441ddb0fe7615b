// What streams are told of, and called.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "../store/streams.hpp"
#include "noa/sdk/json.hpp"
#include "send_request.hpp"

namespace communication {

// Of streams, consumers and entries.
[[nodiscard]] inline bool is_plain_name(const std::string& text) {
    return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' ||
               letter == '.' || letter == ':';
    });
}

// Bodies as they stand.
[[nodiscard]] inline std::string entries_text(const std::vector<Entry>& entries, bool delivered) {
    std::string out = R"({"entries":[)";
    for (const Entry& entry : entries) {
        noa::Json head{
            {"position", entry.position}, {"at", date_text(entry.at)}, {"sender", entry.sender}};
        if (delivered) {
            head["delivery"] = entry.delivery;
            head["attempt"] = entry.attempt;
        }
        if (!entry.id.empty()) {
            head["id"] = entry.id;
        }
        std::string text = noa::json_text(head);
        text.pop_back();
        out += out.back() == '[' ? "" : ",";
        out += text + R"(,"body":)" + entry.body + "}";
    }
    return out + "]}";
}

} // namespace communication
