#include "completion_stream.hpp"

#include "../model/text.hpp"
#include "noa/sdk/json.hpp"

namespace drafting::assist {

namespace {

constexpr std::size_t longest_told = 300; // of what a server says is wrong

// A member of an object, or null.
const noa::Json& in(const noa::Json& json, const char* name) {
    static const noa::Json none;
    const auto found = json.is_object() ? json.find(name) : json.end();
    return json.is_object() && found != json.end() ? *found : none;
}

} // namespace

noa::sdk::Result<std::string> CompletionStream::add(std::string_view bytes) {
    std::string brought;
    if (done_) {
        return brought; // whatever follows
    }
    rest_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end = rest_.find('\n'); end != std::string::npos && !done_;
         end = rest_.find('\n', begin)) {
        std::string_view line = std::string_view(rest_).substr(begin, end - begin);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (auto taken = take(line, brought); !taken) {
            return taken.error();
        }
        begin = end + 1;
    }
    rest_.erase(0, begin);
    if (rest_.size() > longest_line) {
        return noa::failed("the model's server sends a line without end");
    }
    return brought;
}

noa::sdk::Status CompletionStream::take(std::string_view line, std::string& brought) {
    if (!line.starts_with("data:")) {
        return {}; // a comment, the name of an event, the end of one
    }
    line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
    if (line == "[DONE]") {
        done_ = true;
        return {};
    }
    const auto json = noa::parse_json(line);
    if (!json || !json->is_object()) {
        return noa::failed("the model's server sends what is no chunk of a completion");
    }
    if (const auto& error = in(*json, "error"); !error.is_null()) {
        const auto& said = in(error, "message");
        return noa::failed("the model's server: " +
                           (said.is_string() ? said.get<std::string>().substr(0, longest_told)
                                             : std::string("an error")));
    }
    const auto& choices = in(*json, "choices");
    if (!choices.is_array() || choices.empty()) {
        return {}; // figures of use
    }
    const auto& content = in(in(choices.front(), "delta"), "content");
    if (content.is_string()) {
        const auto& text = content.get_ref<const std::string&>();
        if (text.size() > most_ - text_.size()) {
            return noa::sdk::Error{NOA_E_TOO_LARGE, "the model writes more than " +
                                                        std::to_string(most_) + " bytes"};
        }
        const std::string plain = with_plain_breaks(text);
        text_ += plain;
        brought += plain;
    }
    if (const auto& reason = in(choices.front(), "finish_reason"); reason.is_string()) {
        reason_ = reason.get<std::string>().substr(0, longest_told);
    }
    return {};
}

} // namespace drafting::assist
