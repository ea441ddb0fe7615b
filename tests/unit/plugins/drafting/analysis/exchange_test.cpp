#include "exchange/pages.hpp"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/pdf.hpp"

namespace {

using drafting::exchange::Page;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Page page_of(std::string text) {
    Page page;
    page.title = "A \"title\": <b> & \xC3\xA9";
    page.type = "report";
    page.author = "alice";
    page.tags = {"one", "two, three"};
    page.text = std::move(text);
    return page;
}

TEST(exchange, of_markdown_and_json_loses_nothing) {
    for (const char* text :
         {"", "plain", "---\n", "---\ntitle: mine\n---\nText\n", "---\nnoa: draft\n---\nx",
          "  trailing  \n\n\n", "a\r\nb", "\xF0\x9F\x98\x80 <script>", "\n---\n"}) {
        const Page page = page_of(text);
        const auto markdown = drafting::exchange::read_markdown(to_markdown(page));
        ASSERT_TRUE(markdown) << text;
        EXPECT_EQ(*markdown, page) << text;
        const auto json = drafting::exchange::read_json_page(to_json(page));
        ASSERT_TRUE(json) << text;
        EXPECT_EQ(*json, page) << text;
    }
}

TEST(exchange, takes_texts_of_others_as_they_are) {
    const std::string text = "---\nlayout: post\n---\n# Hi\n";
    const auto page = drafting::exchange::read_markdown(text);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->text, text);
    EXPECT_FALSE(drafting::exchange::read_markdown("\xFF"));
    EXPECT_FALSE(drafting::exchange::read_markdown("---\nnoa: draft\nno end"));
    EXPECT_FALSE(drafting::exchange::read_markdown("---\nnoa: draft\nowner: \"x\"\n---\n"));
    EXPECT_FALSE(drafting::exchange::read_json_page("{}"));
    EXPECT_FALSE(drafting::exchange::read_json_page("[1"));
    EXPECT_FALSE(drafting::exchange::read_json_page(R"({"noa": "draft", "tags": [1]})"));
}

TEST(exchange, makes_html_that_runs_nothing) {
    const std::string html = to_html(
        page_of("---\nfront: matter\n---\n# Head\n\n<script>alert(1)</script>\n\n"
                "<img src=x onerror=alert(2)> [a](javascript:alert(3)) "
                "[b](JaVaScRiPt&#58;alert(4)) [c](data:text/html,x) <b onclick=\"x()\">t</b>\n\n"
                "| a |\n|---|\n| ~~b~~ |\n\n[ok](https://example.com/ \"onmouseover=x\")\n"),
        true);
    EXPECT_THAT(html, StartsWith("<!doctype html>"));
    EXPECT_THAT(html, HasSubstr("<title>A &quot;title&quot;: &lt;b&gt; &amp; \xC3\xA9</title>"));
    EXPECT_THAT(html, HasSubstr("<h1>Head</h1>"));
    EXPECT_THAT(html, HasSubstr("<td><del>b</del></td>"));
    EXPECT_THAT(html, HasSubstr("<a href=\"https://example.com/\""));
    for (const char* bad : {"<script", "onerror=", "javascript:", "JaVaScRiPt", "data:text",
                            "onclick", "front: matter"}) {
        EXPECT_THAT(html, Not(HasSubstr(bad)));
    }
    EXPECT_THAT(to_html(page_of("x"), false), Not(HasSubstr("https:")));
}

TEST(exchange, makes_text_without_marks) {
    EXPECT_EQ(to_text(page_of("# Head\n\nSome *text* and [link](http://a.b).\n")),
              "Head\n\nSome text and link.\n");
}

TEST(exchange, makes_pdf_by_a_program_and_says_what_fails) {
    const auto directory = std::filesystem::temp_directory_path().string();
    EXPECT_FALSE(drafting::exchange::pdf_program("/nowhere/weasyprint"));
    EXPECT_FALSE(drafting::exchange::pdf_program("latex"));
    const auto made = drafting::exchange::to_pdf("<p>x</p>", "/bin/false", directory,
                                                 std::chrono::seconds(5), {});
    EXPECT_FALSE(made);
    EXPECT_FALSE(drafting::exchange::to_pdf("<p>x</p>", "/bin/false", "/nowhere",
                                            std::chrono::seconds(5), {}));
    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_FALSE(drafting::exchange::to_pdf("<p>x</p>", "/usr/bin/yes", directory,
                                            std::chrono::hours(1), stopped.get_token()))
        << "what does not end is ended";
}

} // namespace
