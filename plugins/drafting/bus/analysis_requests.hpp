// The bodies of the operations that look at texts, and of those that take them out and in.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"
#include "requests.hpp"

namespace drafting {

// A draft, or a text that is none.
struct TextRequest {
    std::string id;
    std::optional<std::string> text;
    std::string format = "markdown";
    std::string type;
    std::vector<std::string> words;
    std::uint64_t most = 100;
    bool near = false;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("id", &TextRequest::id, "of a draft"),
            noa::field("text", &TextRequest::text, "in the place of a draft's"),
            noa::optional_field("format", &TextRequest::format, "markdown or text"),
            noa::optional_field("type", &TextRequest::type,
                                "whose rules hold; absent: the draft's"),
            noa::optional_field("words", &TextRequest::words, "right in this text"),
            noa::optional_field("most", &TextRequest::most, "suggestions, or words; 10000 at most"),
            noa::optional_field("near", &TextRequest::near, "of lint: words near to unknown ones"),
            noa::optional_field("as", &TextRequest::as, help_as));
    }
};

struct SimilarityRequest {
    std::string id;
    std::optional<std::string> text;
    std::string other;
    std::optional<std::string> other_text;
    std::string format = "markdown";
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("id", &SimilarityRequest::id, "of a draft"),
            noa::field("text", &SimilarityRequest::text, "in its place"),
            noa::optional_field("other", &SimilarityRequest::other, "of another draft"),
            noa::field("other_text", &SimilarityRequest::other_text, "in its place"),
            noa::optional_field("format", &SimilarityRequest::format, "markdown or text"),
            noa::optional_field("as", &SimilarityRequest::as, help_as));
    }
};

struct SynonymsRequest {
    std::string word;
    static constexpr auto fields() {
        return noa::fields(noa::field("word", &SynonymsRequest::word));
    }
};

struct CheckRequest {
    std::map<std::string, std::string> form;
    static constexpr auto fields() {
        return noa::fields(noa::field("form", &CheckRequest::form,
                                      "text or data, language, disabledRules, …; format"));
    }
};

struct AssistRequest {
    std::string id;
    std::string instruction;
    std::uint64_t begin = 0;
    std::optional<std::uint64_t> end;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &AssistRequest::id),
            noa::field("instruction", &AssistRequest::instruction, "what to do, 4 KiB at most"),
            noa::optional_field("begin", &AssistRequest::begin, "of the passage"),
            noa::field("end", &AssistRequest::end, "of the passage; absent: the text's"),
            noa::optional_field("as", &AssistRequest::as, help_as));
    }
};

struct ExportRequest {
    std::string id;
    std::string format = "markdown";
    std::string as;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &ExportRequest::id),
                           noa::optional_field("format", &ExportRequest::format,
                                               "markdown, html, json, text or pdf"),
                           noa::optional_field("as", &ExportRequest::as, help_as));
    }
};

struct ImportRequest {
    std::string content;
    std::string format = "markdown";
    std::string id;
    std::string title;
    std::string type;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("content", &ImportRequest::content),
            noa::optional_field("format", &ImportRequest::format, "markdown, html, json or text"),
            noa::optional_field("id", &ImportRequest::id, "[a-z0-9-], 63 at most"),
            noa::optional_field("title", &ImportRequest::title,
                                "absent: the page's, or its first heading"),
            noa::optional_field("type", &ImportRequest::type, "absent: the page's"),
            noa::optional_field("as", &ImportRequest::as, help_as));
    }
};

} // namespace drafting
