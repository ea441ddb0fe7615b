#include "analysis/blocks.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/utf.hpp"

namespace {

using drafting::prose::Block;
using drafting::prose::BlockKind;
using drafting::prose::Format;
using drafting::prose::Source;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> proses(std::string_view text, Format format = Format::markdown) {
    const Source source(text, format);
    std::vector<std::string> all;
    for (std::size_t leaf = 0; leaf < source.leaves().size(); ++leaf) {
        for (const Block& block : source.blocks(leaf)) {
            all.push_back(block.prose);
        }
    }
    return all;
}

// The text with what is prose in upper case: shows where each piece was found.
std::string shouted(std::string text) {
    const std::string before = text;
    const Source source(before, Format::markdown);
    for (std::size_t leaf = 0; leaf < source.leaves().size(); ++leaf) {
        for (const Block& block : source.blocks(leaf)) {
            for (const auto& segment : block.segments) {
                const std::size_t begin = source.leaves()[leaf].begin + segment.source;
                for (std::size_t at = begin; at < begin + segment.source_size; ++at) {
                    char& letter = text[at];
                    letter =
                        static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
                }
            }
        }
    }
    return text;
}

void expect_in_place(std::string_view text) {
    const Source source(text, Format::markdown);
    for (std::size_t leaf = 0; leaf < source.leaves().size(); ++leaf) {
        const std::size_t begin = source.leaves()[leaf].begin;
        for (const Block& block : source.blocks(leaf)) {
            EXPECT_TRUE(drafting::prose::is_utf8(block.prose));
            for (const auto& segment : block.segments) {
                ASSERT_LE(begin + segment.source + segment.source_size, text.size());
                const auto prose =
                    std::string_view(block.prose).substr(segment.prose, segment.prose_size);
                if (segment.verbatim) {
                    std::string there(text.substr(begin + segment.source, segment.source_size));
                    std::ranges::replace(there, '\n', ' ');
                    EXPECT_EQ(there, std::string(prose));
                }
            }
        }
    }
}

TEST(blocks, are_paragraphs_headings_and_cells_without_marks) {
    EXPECT_THAT(proses("# A *title*\n\nSome **bo**ld text.\n\n| a | b |\n|---|---|\n| c | d |\n"),
                ElementsAre("A title", "Some bold text.", "a", "b", "c", "d"));
}

TEST(blocks, leave_code_html_and_what_links_lead_to_out) {
    EXPECT_THAT(proses("    indented\n\n```\nfence\n```\n\n<div>\nhtml\n</div>\n"), IsEmpty());
    EXPECT_EQ(shouted("see `code` and [text](http://a.b/text \"title\") or <b>bold</b> now\n"),
              "SEE `CODE` AND [TEXT](http://a.b/text \"title\") OR <b>BOLD</b> NOW\n");
    EXPECT_EQ(shouted("a [ref][id], [id] and ![alt text](pic.png) end\n\n[id]: http://x.y/\n"),
              "A [REF][id], [ID] AND ![ALT TEXT](PIC.PNG) END\n\n[id]: http://x.y/\n");
    EXPECT_THAT(proses("go to <http://example.com/> now"), ElementsAre("go to \xEF\xBF\xBC now"));
}

TEST(blocks, keep_their_place_in_quotes_and_lists_with_lazy_lines) {
    EXPECT_EQ(shouted("> one\n> > two\nthree\n\n- four\n  five\n    1. six\n       seven\n"),
              "> ONE\n> > TWO\nTHREE\n\n- FOUR\n  FIVE\n    1. SIX\n       SEVEN\n");
    EXPECT_EQ(shouted("- [ ] todo\n- [x] *done* then\n"), "- [ ] TODO\n- [x] *DONE* THEN\n");
    EXPECT_EQ(shouted("[foo](not a link)\n\n[foo]: /url\n"), "[FOO](NOT A LINK)\n\n[foo]: /url\n");
    EXPECT_EQ(shouted("[a]: /url\n[b]: /other\ntext after\n"),
              "[a]: /url\n[b]: /other\nTEXT AFTER\n");
}

TEST(blocks, know_entities_and_escapes_by_what_they_mean) {
    EXPECT_THAT(proses("a &amp; b \\* c &copy; d &foo; e"),
                ElementsAre("a & b * c \xC2\xA9 d &foo; e"));
    const Source source("x &amp; y", Format::markdown);
    const Block block = source.blocks(0).front();
    EXPECT_EQ(block.source({2, 3}), (drafting::prose::Span{2, 7}));
    EXPECT_EQ(block.source({4, 5}), (drafting::prose::Span{8, 9}));
}

TEST(blocks, stand_lines_ended_in_any_way_and_begin_behind_front_matter) {
    EXPECT_THAT(proses("one\r\ntwo\r\n\r\nthree\rfour"), ElementsAre("one two", "three four"));
    EXPECT_THAT(proses("---\ntitle: teh\n---\nText.\n"), ElementsAre("Text."));
    EXPECT_THAT(proses("---\nno end\n"), ElementsAre("no end"));
    EXPECT_THAT(proses("one\ntwo\n\n  \nthree", Format::plain), ElementsAre("one two ", "three"));
    EXPECT_THAT(proses(""), IsEmpty());
}

TEST(blocks, are_found_in_place_whatever_the_marks) {
    const std::string_view pieces[] = {"word ",
                                       "*",
                                       "**",
                                       "_",
                                       "`",
                                       "``",
                                       "[",
                                       "](u)",
                                       "](<u v>)",
                                       "![",
                                       "]",
                                       "\n",
                                       "\n\n",
                                       "> ",
                                       "- ",
                                       "1. ",
                                       "# ",
                                       "\\",
                                       "&amp;",
                                       "&",
                                       "<b>",
                                       "</b>",
                                       "<!-- x -->",
                                       "|",
                                       "\n|-|-|\n",
                                       "~~",
                                       "  \n",
                                       "\xC3\xA9t\xC3\xA9 ",
                                       "\xF0\x9F\x98\x80",
                                       "http://a.b ",
                                       "    ",
                                       "\t",
                                       "\r\n",
                                       "[^1]",
                                       "\n[^1]: n\n",
                                       "(",
                                       ")"};
    std::uint32_t seed = 1;
    for (int round = 0; round < 4000; ++round) {
        std::string text;
        for (int piece = 0; piece < 24; ++piece) {
            seed = seed * 1664525U + 1013904223U;
            text += pieces[(seed >> 16U) % std::size(pieces)];
        }
        SCOPED_TRACE(text);
        ASSERT_NO_FATAL_FAILURE(expect_in_place(text));
    }
}

TEST(blocks, of_pathological_markdown_take_no_more_than_a_moment) {
    const auto repeated = [](std::string_view piece, std::size_t times) {
        std::string text;
        for (std::size_t at = 0; at < times; ++at) {
            text += piece;
        }
        return text;
    };
    for (const std::string_view piece : {"> ", "- ", "[", "![", "*a ", "`a``", "<", "\\", "&",
                                         "[a](", "|", "a**b", "<!--", "[^"}) {
        static_cast<void>(proses(repeated(piece, 4000)));
    }
    static_cast<void>(proses(repeated("- a\n", 4000)));
    static_cast<void>(proses(repeated("*a **a ", 4000)));
}

TEST(places, translate_between_bytes_utf16_and_lines) {
    std::string text = "a\xC3\xA9\n\xF0\x9F\x98\x80z\n";
    const drafting::prose::Places places(text);
    EXPECT_EQ(places.utf16_size(), 7U);
    EXPECT_EQ(places.utf16(3), 2U);
    EXPECT_EQ(places.utf16(8), 5U);
    EXPECT_EQ(places.byte(5), 8U);
    EXPECT_EQ(places.byte(4), 4U) << "between surrogates: before the character";
    EXPECT_EQ(places.position(8).line, 2U);
    EXPECT_EQ(places.position(8).column, 2U);
    EXPECT_EQ(places.wide_before(8), 1U);
    EXPECT_EQ(places.utf16(99), 7U);

    std::string longer;
    for (int line = 0; line < 1000; ++line) {
        longer += text;
    }
    const drafting::prose::Places many(longer);
    for (std::size_t line = 0; line < 1000; ++line) {
        ASSERT_EQ(many.utf16(line * 10 + 8), line * 7 + 5);
        ASSERT_EQ(many.byte(line * 7 + 5), line * 10 + 8);
        ASSERT_EQ(many.position(line * 10 + 8).line, line * 2 + 2);
    }
}

TEST(utf8, is_checked_and_mended_in_place) {
    EXPECT_TRUE(drafting::prose::is_utf8("a\xF0\x9F\x98\x80"));
    for (const std::string_view broken :
         {std::string_view("a\x80"), std::string_view("\xED\xA0\x80"), std::string_view("\xC0\xAF"),
          std::string_view("\xF5\x80\x80\x80"), std::string_view("a\0b", 3)}) {
        EXPECT_FALSE(drafting::prose::is_utf8(broken));
        const std::string mended = drafting::prose::mended(std::string(broken));
        EXPECT_EQ(mended.size(), broken.size());
        EXPECT_TRUE(drafting::prose::is_utf8(mended));
    }
    EXPECT_EQ(drafting::prose::lower("\xC3\x89T\xC3\x89"), "\xC3\xA9t\xC3\xA9");
    EXPECT_EQ(drafting::prose::capitalised("\xC3\xA9t"), "\xC3\x89t");
}

} // namespace
