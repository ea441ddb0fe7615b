#include "rows.hpp"

#include <zstd.h>

#include "noa/sdk/json.hpp"

namespace drafting {

namespace {

constexpr int pack_level = 3;
constexpr std::size_t pack_above = 512;
constexpr unsigned long long largest_text = 96U << 20U; // as JSON

noa::sqlite::Error corrupt(const char* what) {
    return {SQLITE_CORRUPT, what, "drafts"};
}

} // namespace

Packed pack(std::string_view text) {
    Packed out;
    if (text.size() > pack_above) {
        out.bytes.resize(ZSTD_compressBound(text.size()));
        const std::size_t size =
            ZSTD_compress(out.bytes.data(), out.bytes.size(), text.data(), text.size(), pack_level);
        if (ZSTD_isError(size) == 0 && size < text.size()) {
            out.bytes.resize(size);
            out.encoding = 1;
            return out;
        }
    }
    out.bytes = text;
    return out;
}

Stored<std::string> unpack(std::int64_t encoding, const noa::sqlite::Blob& stored) {
    const auto* bytes = reinterpret_cast<const char*>(stored.data());
    if (encoding == 0) {
        return std::string(bytes, stored.size());
    }
    const unsigned long long size = ZSTD_getFrameContentSize(bytes, stored.size());
    if (size > largest_text) { // unknown and error are numbers beyond it
        return corrupt("it does not say how large it is, or is too large");
    }
    std::string out(static_cast<std::size_t>(size), '\0');
    const std::size_t got = ZSTD_decompress(out.data(), out.size(), bytes, stored.size());
    if (ZSTD_isError(got) != 0 || got != out.size()) {
        return corrupt("it does not unpack");
    }
    return out;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

Stored<Draft> draft_of(const noa::sqlite::Statement& row) {
    auto read =
        row.row<std::string, std::string, std::string, std::string, std::string, std::string,
                std::string, std::string, std::string, std::string, std::uint8_t, std::uint8_t,
                bool, std::string, Version, Version, std::int64_t, std::int64_t, Millis, Millis>();
    if (!read) {
        return read.error();
    }
    Draft draft;
    std::string tags;
    std::string collaborators;
    std::uint8_t others = 0;
    std::uint8_t status = 0;
    std::tie(draft.id, draft.title, draft.type, draft.author, draft.template_id, draft.tone,
             draft.audience, draft.metadata, tags, collaborators, others, status, draft.crlf,
             draft.origin, draft.origin_version, draft.merged, draft.words, draft.bytes,
             draft.created, draft.updated) = *std::move(read);
    const auto all_tags = noa::Json::parse(tags, nullptr, false);
    const auto all = noa::Json::parse(collaborators, nullptr, false);
    if (others > static_cast<unsigned>(Role::owner) ||
        status > static_cast<unsigned>(Status::archived) || !all_tags.is_array() ||
        !all.is_array()) {
        return corrupt("what means nothing");
    }
    draft.others = static_cast<Role>(others);
    draft.status = static_cast<Status>(status);
    for (const auto& tag : all_tags) {
        draft.tags.push_back(tag.is_string() ? tag.get<std::string>() : "");
    }
    for (const auto& one : all) {
        const auto role =
            named<Role>(role_names, one.is_object() ? one.value("role", std::string()) : "");
        if (!role) {
            return corrupt("a role that means nothing");
        }
        draft.collaborators.push_back({one.value("name", std::string()), *role});
    }
    return draft;
}

std::string tags_text(const Draft& draft) {
    return noa::json_text(noa::Json(draft.tags));
}

std::string collaborators_text(const Draft& draft) {
    noa::Json all = noa::Json::array();
    for (const Collaborator& one : draft.collaborators) {
        all.push_back({{"name", one.name}, {"role", name_of(one.role)}});
    }
    return noa::json_text(all);
}

} // namespace drafting
