using Microsoft.Playwright;
using Sophia.Chat;
using static Microsoft.Playwright.Assertions;

namespace Sophia.Pages;

// Goal: an answer is seen as it is written, and nothing that happens to the page loses a word. Method: a model whose words the test releases.
[Collection(PageTests.Name)]
public sealed class AnswerStreamTests(Chromium chromium, ChatFixture chat) : IClassFixture<ChatFixture>
{
    [ChromiumFact]
    public async Task An_answer_is_seen_piece_by_piece_and_a_mark_is_a_link_before_the_end()
    {
        const string question = "Who owns Acme? (pieces)";
        var words = chat.Model.For(question);
        await using var visitor = await Visitor.SignedIn(chromium, chat.App);
        await Send(visitor, question);
        var answer = visitor.Page.Locator(".answer");
        words.TryWrite("Ann Lee ");
        await Expect(answer).ToHaveTextAsync("Ann Lee");
        words.TryWrite("owns it [1]. ");
        await Expect(answer.GetByRole(AriaRole.Link, new() { Name = "Source 1: Acme" })).ToBeVisibleAsync();
        await Expect(answer).ToHaveAttributeAsync("aria-busy", "true");
        await Pictures.Take(visitor.Page, "answer-streaming");
        words.TryWrite("Since March [1].");
        words.TryComplete();
        await Expect(answer).ToHaveAttributeAsync("aria-busy", "false");
        await Expect(answer.Locator("a.mark")).ToHaveCountAsync(2);
        await Expect(visitor.Page.Locator(".sources li")).ToHaveCountAsync(1);
        await Expect(visitor.Page.GetByText("Written by paced.")).ToBeVisibleAsync();
        await Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true })).ToBeVisibleAsync();
    }

    [ChromiumFact]
    public async Task A_reload_in_the_middle_of_an_answer_goes_on_with_it()
    {
        const string question = "Who owns Acme? (reload)";
        var words = chat.Model.For(question);
        await using var visitor = await Visitor.SignedIn(chromium, chat.App);
        await Send(visitor, question);
        var answer = visitor.Page.Locator(".answer");
        words.TryWrite("One two ");
        await Expect(answer).ToHaveTextAsync("One two");
        await visitor.Page.ReloadAsync();
        await Expect(answer).ToHaveTextAsync("One two");
        words.TryWrite("three ");
        await Expect(answer).ToHaveTextAsync("One two three");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Pipelines" }).ClickAsync();
        words.TryWrite("four ");
        await visitor.Page.GoBackAsync();
        await Expect(answer).ToHaveTextAsync("One two three four");
        words.TryWrite("five [1].");
        words.TryComplete();
        await Expect(answer).ToHaveAttributeAsync("aria-busy", "false");
        await Expect(answer).ToHaveTextAsync("One two three four five.1");
    }

    [ChromiumFact]
    public async Task A_lost_connection_is_taken_up_again_and_every_word_is_shown_once()
    {
        const string question = "Who owns Acme? (cut)";
        var words = chat.Model.For(question);
        await using var relay = new CutProxy(chat.App.Url);
        await using var visitor = await Visitor.SignedIn(chromium, chat.App, through: relay.Url);
        visitor.Expected.Add("net::ERR");
        await Send(visitor, question);
        var answer = visitor.Page.Locator(".answer");
        words.TryWrite("One ");
        await Expect(answer).ToHaveTextAsync("One");
        relay.Cut();
        words.TryWrite("two ");
        await Expect(answer).ToHaveTextAsync("One two");
        relay.Cut();
        words.TryWrite("three [1].");
        words.TryComplete();
        await Expect(answer).ToHaveAttributeAsync("aria-busy", "false");
        await Expect(answer).ToContainTextAsync("One two three.");
        await Expect(answer.Locator("a.mark")).ToHaveCountAsync(1);
    }

    [ChromiumFact]
    public async Task A_long_answer_is_shown_whole_and_the_question_before_it_stays()
    {
        const string question = "Who owns Acme? (long)";
        chat.Model.Says("Who owns Acme? (first)", "Ann Lee does [1].");
        await using var visitor = await Visitor.SignedIn(chromium, chat.App);
        await visitor.Ask("Who owns Acme? (first)");
        chat.Model.Says(question, [.. Enumerable.Range(1, 60).Select(n => $"Word {n} of it and {new string('x', 100)} [1]. ")]);
        var exchange = await visitor.Ask(question);
        await Expect(exchange.Locator(".answer")).ToContainTextAsync("Word 60");
        await Expect(exchange.Locator(".said a.mark")).ToHaveCountAsync(60);
        await Expect(exchange.Locator(".sources li")).ToHaveCountAsync(1);
        await Expect(visitor.Page.Locator(".exchange")).ToHaveCountAsync(2);
        await Expect(visitor.Page.Locator(".exchange").First).ToContainTextAsync("Ann Lee does");
    }

    [ChromiumFact]
    public async Task An_answer_can_be_stopped_and_what_was_said_stays()
    {
        const string question = "Who owns Acme? (stop)";
        var words = chat.Model.For(question);
        await using var visitor = await Visitor.SignedIn(chromium, chat.App);
        await Send(visitor, question);
        words.TryWrite("Ann ");
        await Expect(visitor.Page.Locator(".answer")).ToHaveTextAsync("Ann");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(visitor.Page.GetByText("Stopped.")).ToBeVisibleAsync();
        await Expect(visitor.Page.Locator(".answer")).ToHaveTextAsync("Ann");
        chat.Model.Says("And now?", "Ann Lee [1].");
        await Expect((await visitor.Ask("And now?")).Locator(".answer a.mark")).ToHaveCountAsync(1);
    }

    [ChromiumFact]
    public async Task A_question_that_is_sent_while_an_answer_is_written_is_asked_after_it_unless_it_was_changed()
    {
        const string first = "Who owns Acme? (before)", second = "Who owns it now? (after)";
        var words = chat.Model.For(first);
        chat.Model.Says(second, "Ann Lee [1].");
        await using var visitor = await Visitor.SignedIn(chromium, chat.App);
        var page = visitor.Page;
        await Send(visitor, first);
        words.TryWrite("Bob ");
        await Expect(page.Locator(".answer")).ToHaveTextAsync("Bob");
        await Send(visitor, second);
        await Expect(page.Locator("#answering")).ToHaveTextAsync("Your question is sent once the answer is complete.");
        words.TryWrite("owned it [1].");
        words.TryComplete();
        await Expect(page.Locator(".exchange")).ToHaveCountAsync(2);
        await Expect(page.Locator(".exchange").Last).ToContainTextAsync(second);
        await Expect(page.Locator(".answer").Last).ToContainTextAsync("Ann Lee");
        await Expect(page.GetByLabel("Question", new() { Exact = true })).ToHaveValueAsync("");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true })).ToBeVisibleAsync();

        const string third = "And who after Ann? (third)", changed = "And who after Ann, and when?";
        words = chat.Model.For(third);
        await Send(visitor, third);
        words.TryWrite("Nobody ");
        await Expect(page.Locator(".answer").Last).ToHaveTextAsync("Nobody");
        await Send(visitor, second);
        await page.GetByLabel("Question", new() { Exact = true }).FillAsync(changed);
        words.TryWrite("does [1].");
        words.TryComplete();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Question", new() { Exact = true })).ToHaveValueAsync(changed);
        await Expect(page.Locator(".exchange")).ToHaveCountAsync(3);
    }

    [ChromiumFact]
    public async Task What_a_model_says_is_text()
    {
        const string question = "Who owns <b>Acme</b>? <img src=x onerror=window.hit=1>";
        const string said = "<img src=x onerror=window.hit=1><script>window.hit=1</script> [bad](javascript:window.hit=1) ";
        chat.Model.Says(question, said, "owns it [1].");
        await using var visitor = await Visitor.SignedIn(chromium, chat.App);
        var exchange = await visitor.Ask(question);
        await Expect(exchange.Locator(".answer")).ToContainTextAsync(said.Trim());
        await Expect(exchange.Locator("img, script")).ToHaveCountAsync(0);
        Assert.False(await visitor.Page.EvaluateAsync<bool>("() => 'hit' in window"));
    }

    private static async Task Send(Visitor visitor, string question)
    {
        await visitor.Page.GetByLabel("Question", new() { Exact = true }).FillAsync(question);
        await visitor.Page.Keyboard.PressAsync("Enter");
    }
}
