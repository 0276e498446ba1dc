using System.Text;
using Sophia.Knowledge;
using Sophia.Log;

namespace Sophia.Chat;

// Goal: what was written once is readable for ever. Method: a golden text per format, a newer format refused, rubbish named.
public sealed class ChatEventFormatTests
{
    private const string Question1 = """{"format":1,"kind":"Question","question":0,"text":"Who?","filter":{"streams":["crm"],"kind":"Entity"},"operation":"op-1"}""";
    private const string Done1 = """{"format":1,"kind":"Done","question":3,"text":"Ann [1]. Maybe.","sources":[{"mark":1,"title":"Acme","quote":"Ann","citation":{"stream":"crm","key":"acme","version":2,"spans":[{"field":"owner","start":0,"length":3}]}}],"uncited":[{"start":9,"length":6}]}""";

    private static readonly ChatSource Source = new(1, "Acme", "Ann", new Citation("crm", "acme", 2, [new FieldSpan("owner", 0, 3)]));

    [Fact]
    public void Format_1_is_written_as_it_always_was()
    {
        Assert.Equal(Question1, Text(new ChatEvent(3, ChatEventKind.Question, 3, "Who?", [], default), new AskRequest("Who?", new SearchFilter(Streams: ["crm"], Kind: ChunkKind.Entity), "op-1")));
        Assert.Equal(Done1, Text(new ChatEvent(4, ChatEventKind.Done, 3, "Ann [1]. Maybe.", [Source], default, [new TextSpan(9, 6)]), null));
    }

    [Fact]
    public void Format_1_is_read_for_ever()
    {
        var question = ChatEventFormat.Read(Row(3, Question1));
        Assert.Equal((3, ChatEventKind.Question, 3, "Who?"), (question.Number, question.Kind, question.Question, question.Text));
        var asked = ChatEventFormat.Asked(Row(3, Question1));
        Assert.Equal(("op-1", "crm", ChunkKind.Entity), (asked.OperationId, asked.Filter!.Streams![0], asked.Filter.Kind!.Value));
        var done = ChatEventFormat.Read(Row(4, Done1));
        Assert.Equal((4, 3, "Ann [1]. Maybe.", "owner", 9), (done.Number, done.Question, done.Text, done.Sources[0].Citation.Spans[0].Field, done.Uncited![0].Start));
    }

    [Fact]
    public void Why_an_answer_was_found_by_words_alone_is_kept()
    {
        var done = new ChatEvent(4, ChatEventKind.Done, 3, "Ann.", [], default) { Degraded = "the embedder failed" };
        Assert.Equal("the embedder failed", ChatEventFormat.Read(Row(4, Text(done, null))).Degraded);
    }

    [Fact]
    public void Why_there_is_no_answer_and_what_is_near_is_kept()
    {
        var read = ChatEventFormat.Read(Row(4, Text(new ChatEvent(4, ChatEventKind.Done, 3, "Nothing.", [], default) { Unanswered = NoAnswer.NotFound, Near = [Source] }, null)));
        Assert.Equal((NoAnswer.NotFound, "Ann"), (read.Unanswered!.Value, Assert.Single(read.Near!).Quote));
    }

    [Theory]
    [InlineData("""{"format":2,"kind":"Done","text":""}""", StorageFault.NewerFormat)]
    [InlineData("null", StorageFault.Corrupt)]
    [InlineData("{", StorageFault.Corrupt)]
    public void What_cannot_be_understood_is_named(string text, StorageFault fault) =>
        Assert.Equal(fault, Assert.Throws<StorageException>(() => ChatEventFormat.Read(Row(1, text))).Fault);

    private static string Text(ChatEvent happened, AskRequest? asked) => Encoding.UTF8.GetString(ChatEventFormat.Write(happened, asked));

    private static LogEntry Row(long number, string text) =>
        new(10, EntryType.Chat, "chat/s", "events", number, RecordOperation.Upsert, Encoding.UTF8.GetBytes(text), default, default, "", 0);
}
