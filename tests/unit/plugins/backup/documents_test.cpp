// What the format writes as JSON, and as bytes: read back, and refused when it cannot be.
#include <gtest/gtest.h>

#include "repository/go_quote.hpp"
#include "repository/index_file.hpp"
#include "repository/json_reader.hpp"
#include "repository/repository.hpp"
#include "repository/tree.hpp"

namespace backup {
namespace {

Id id_of(unsigned number) {
    Id id;
    id.bytes.fill(static_cast<std::uint8_t>(number));
    return id;
}

TEST(Timestamps, are_read_with_any_offset_and_written_in_utc) {
    EXPECT_EQ((Timestamp{0, 0}).text(), "1970-01-01T00:00:00Z");
    EXPECT_EQ((Timestamp{-1, 500'000'000}).text(), "1969-12-31T23:59:59.5Z");
    EXPECT_EQ((Timestamp{INT64_MAX, 0}).text(), "9999-12-31T23:59:59Z");
    EXPECT_EQ((Timestamp{INT64_MIN, 0}).text(), "0000-01-01T00:00:00Z");
    const auto read = Timestamp::parse("2015-01-02T18:10:50.895208559+01:30");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text(), "2015-01-02T16:40:50.895208559Z");
    EXPECT_EQ(Timestamp::parse("2016-02-29T00:00:00Z")->text(), "2016-02-29T00:00:00Z");
    for (const char* text :
         {"", "2015-01-02", "2015-02-29T00:00:00Z", "2015-01-02T24:00:00Z", "2015-01-02T00:00:00",
          "2015-01-02T00:00:00.Z", "-015-01-02T00:00:00Z", "2015-01-02T00:00:00ZZ"}) {
        EXPECT_FALSE(Timestamp::parse(text)) << text;
    }
}

TEST(GoQuote, keeps_any_bytes) {
    EXPECT_EQ(go_quote("a b"), "a b");
    EXPECT_EQ(go_quote("ü\n\"\\\x01\xff"), R"(ü\n\"\\\x01\xff)");
    for (const std::string& name : {std::string("plain"), std::string("\xff\xfe"),
                                    std::string("tab\tnew\nline"), std::string("日本 \x7f")}) {
        EXPECT_EQ(go_unquote(go_quote(name)), name);
    }
    EXPECT_EQ(go_unquote(R"(\u00e4\U0001F600\101)"), "ä😀A");
    for (const char* text :
         {"\\", "\\q", "\\x1", "\\xg0", "\\ud800", "\\UFFFFFFFF", "\"", "\\777"}) {
        EXPECT_FALSE(go_unquote(text)) << text;
    }
}

TEST(Json, is_read_within_bounds) {
    std::string text;
    EXPECT_TRUE(JsonReader(R"("a\u00e4\ud83d\ude00\n")").text(text));
    EXPECT_EQ(text, "aä😀\n");
    EXPECT_TRUE(JsonReader(R"("\ud800x")").text(text));
    EXPECT_EQ(text, "\xEF\xBF\xBDx");
    for (const char* bad : {"", "{", "[1", "\"a", "{\"a\"}", "{\"a\":}", "[1,]", "{,}", "tru",
                            "\"\\x\"", "\"\n\"", "nul"}) {
        JsonReader reader(bad);
        EXPECT_FALSE(reader.skip() && reader.finished()) << bad;
    }
    std::string deep(100'000, '[');
    EXPECT_FALSE(JsonReader(deep).skip());
    std::uint64_t number = 0;
    EXPECT_TRUE(JsonReader("18446744073709551615").number(number));
    EXPECT_FALSE(JsonReader("18446744073709551616").number(number));
    EXPECT_FALSE(JsonReader("-1").number(number));
    EXPECT_FALSE(JsonReader("1.5").number(number));
    EXPECT_FALSE(JsonReader("1e3").number(number));
}

TEST(Json, is_written_as_go_does) {
    std::string out;
    append_json_text(out, "a\"\\<>&\n\x01\xff\u2028ü");
    EXPECT_EQ(out, R"("a\"\\\u003c\u003e\u0026\n\u0001\ufffd\u2028ü")");
}

Node full_node() {
    Node node;
    node.name = "na\xffme";
    node.mode = go_mode_of(0104755);
    node.mtime = {1, 2};
    node.atime = {3, 4};
    node.ctime = {5, 6};
    node.uid = 7;
    node.gid = 8;
    node.user = "u";
    node.group = "g";
    node.inode = 9;
    node.device_id = 10;
    node.size = 11;
    node.links = 2;
    node.xattrs = {{"user.x", {1, 2, 255}}};
    node.content = {id_of(1), id_of(2)};
    return node;
}

TEST(Trees, come_back_as_they_were) {
    Node link;
    link.name = "link";
    link.kind = NodeKind::symlink;
    link.link_target = "to \xff";
    Node dir;
    dir.name = "dir";
    dir.kind = NodeKind::dir;
    dir.subtree = id_of(3);
    const auto nodes = parse_tree(tree_json(std::vector{dir, link, full_node()}));
    ASSERT_TRUE(nodes) << nodes.error().text;
    ASSERT_EQ(nodes->size(), 3U);
    EXPECT_EQ((*nodes)[0].subtree, id_of(3));
    EXPECT_EQ((*nodes)[1].link_target, "to \xff");
    const Node wanted = full_node();
    const Node& found = (*nodes)[2];
    EXPECT_EQ(found.name, wanted.name);
    EXPECT_EQ(permissions_of(found.mode), 04755U);
    EXPECT_EQ(found.mtime, wanted.mtime);
    EXPECT_EQ(found.xattrs, wanted.xattrs);
    EXPECT_EQ(found.content, wanted.content);
    EXPECT_EQ(tree_json(*nodes), tree_json(std::vector{dir, link, full_node()}));
}

TEST(Trees, that_lead_astray_are_refused) {
    const auto named = [](const std::string& name) {
        return R"({"nodes":[{"name":")" + name + R"(","type":"file","content":[]}]})";
    };
    EXPECT_TRUE(parse_tree(named("a")));
    for (const char* name : {"", ".", "..", "a/b", "/", "\\\\x2f", "\\\\x00"}) {
        EXPECT_FALSE(parse_tree(named(name))) << name;
    }
    const std::string one = R"({"name":"a","type":"file","content":[]})";
    EXPECT_FALSE(parse_tree("{\"nodes\":[" + one + "," + one + "]}"));
    EXPECT_FALSE(parse_tree(R"({"nodes":[{"name":"d","type":"dir"}]})"));
    EXPECT_TRUE(parse_tree(R"({"nodes":null})"));
}

TEST(PackHeaders, describe_all_of_a_pack_or_are_refused) {
    Bytes header;
    append_pack_header(header, {id_of(1), BlobKind::data, 0, 40, 0});
    append_pack_header(header, {id_of(2), BlobKind::tree, 40, 50, 600});
    const auto blobs = parse_pack_header(header, 90);
    ASSERT_TRUE(blobs) << blobs.error().text;
    ASSERT_EQ(blobs->size(), 2U);
    EXPECT_EQ((*blobs)[1].offset, 40U);
    EXPECT_EQ((*blobs)[1].plain_size, 600U);
    EXPECT_EQ((*blobs)[1].kind, BlobKind::tree);
    EXPECT_FALSE(parse_pack_header(header, 89));
    EXPECT_FALSE(parse_pack_header(header, 91));
    EXPECT_FALSE(parse_pack_header(View(header).first(header.size() - 1), 90));
    header[0] = 4;
    EXPECT_FALSE(parse_pack_header(header, 90));
}

TEST(Indexes, come_back_as_they_were) {
    Index index;
    const std::uint32_t pack = index.pack_number(id_of(100));
    const std::uint32_t other = index.pack_number(id_of(101));
    for (unsigned number = 1; number < 50; ++number) {
        index.add(number < 20 ? pack : other,
                  {id_of(number), number % 2 == 0 ? BlobKind::tree : BlobKind::data, number,
                   number + 1, number % 3});
    }
    Index again;
    const noa::sdk::Status parsed =
        parse_index(index_json(index, 0, index.size(), {id_of(7)}), again);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(again.size(), index.size());
    const auto found = again.find(id_of(20), BlobKind::tree);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->pack, id_of(101));
    EXPECT_EQ(found->blob.offset, 20U);
    EXPECT_EQ(found->blob.size, 21U);
    EXPECT_EQ(found->blob.plain_size, 2U);
    EXPECT_FALSE(again.find(id_of(20), BlobKind::data));
    EXPECT_FALSE(again.find(id_of(60), BlobKind::data));
}

TEST(Indexes, hold_many) {
    Index index;
    const std::uint32_t pack = index.pack_number(id_of(1));
    for (std::uint32_t number = 0; number < 100'000; ++number) {
        Bytes text;
        append_le32(text, number);
        index.add(pack, {sha256(text), BlobKind::data, number, 1, 0});
    }
    for (std::uint32_t number = 0; number < 100'000; number += 997) {
        Bytes text;
        append_le32(text, number);
        const auto found = index.find(sha256(text), BlobKind::data);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->blob.offset, number);
    }
}

TEST(Indexes, that_are_not_are_refused) {
    Index index;
    for (const char* json : {"", "[]", R"({"packs":[{"id":"12","blobs":[]}]})",
                             R"({"packs":[{"blobs":[]}]})", R"({"packs":[{"blobs":[{}]}]})"}) {
        EXPECT_FALSE(parse_index(json, index)) << json;
    }
    const std::string id = id_of(1).hex();
    EXPECT_FALSE(parse_index(R"({"packs":[{"id":")" + id + R"(","blobs":[{"id":")" + id +
                                 R"(","type":"data","offset":0,"length":4294967295}]}]})",
                             index));
}

TEST(Snapshots, come_back_as_they_were) {
    Snapshot snapshot;
    snapshot.time = {1'700'000'000, 5};
    snapshot.parent = id_of(1);
    snapshot.tree = id_of(2);
    snapshot.paths = {"/a", "/b \xC3\xBC"};
    snapshot.hostname = "host";
    snapshot.tags = {"noa", "plan:daily"};
    snapshot.excludes = {"*.tmp"};
    const auto again = parse_snapshot(snapshot_json(snapshot));
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(snapshot_json(*again), snapshot_json(snapshot));
    EXPECT_TRUE(again->has_tag("plan:daily"));
    EXPECT_FALSE(parse_snapshot("{}"));
    EXPECT_FALSE(parse_snapshot(R"({"time":"now","tree":")" + id_of(2).hex() + "\"}"));
}

TEST(Configs, of_a_newer_format_are_refused_with_what_to_do) {
    const std::string rest =
        R"(,"id":")" + id_of(1).hex() + R"(","chunker_polynomial":"3da3358b4dc173"})";
    const auto config = parse_config(R"({"version":2)" + rest);
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->polynomial, 0x3DA3358B4DC173U);
    const auto newer = parse_config(R"({"version":3)" + rest);
    ASSERT_FALSE(newer);
    EXPECT_EQ(newer.error().status, NOA_E_UNSUPPORTED);
    EXPECT_NE(newer.error().text.find("upgrade"), std::string::npos);
    EXPECT_FALSE(parse_config(R"({"version":2,"id":"","chunker_polynomial":"12"})"));
}

} // namespace
} // namespace backup
