using System.Globalization;
using System.Text.Json;

namespace Sophia.Knowledge;

/// <summary>Conversations by speaker turns: whole turns up to a target of words; a turn that is a speech of its own is cut at sentences.</summary>
internal static class TranscriptChunker
{
    private readonly record struct Utterance(int Turn, string Speaker, string Text, TextPiece Piece, string? Start);

    public static List<Chunk> Chunks(JsonElement turns, ChunkingOptions options)
    {
        var chunks = new List<Chunk>();
        var open = new List<Utterance>();
        var (words, length) = (0, 0);
        foreach (var utterance in Utterances(turns, options))
        {
            if (open.Count > 0 && (Overshoots(words, utterance.Piece.Words, options.TurnsTargetWords) || length + utterance.Piece.Length > options.MaxChunkLength))
                Close();
            open.Add(utterance);
            words += utterance.Piece.Words;
            length += utterance.Piece.Length;
            if (words >= options.TurnsTargetWords)
                Close();
            if (chunks.Count >= options.MaxChunks)
                return chunks;
        }
        if (open.Count > 0)
            Close();
        return chunks;

        void Close()
        {
            chunks.Add(Join(open, chunks.Count));
            open.Clear();
            (words, length) = (0, 0);
        }
    }

    /// <summary>Whether a turn would carry a piece further past the target than it now falls short of it, and well past.</summary>
    private static bool Overshoots(int have, int more, int target) => have + more - target > target - have && have + more > target * 1.5;

    private static IEnumerable<Utterance> Utterances(JsonElement turns, ChunkingOptions options)
    {
        var turn = -1;
        foreach (var element in turns.EnumerateArray())
        {
            turn++;
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("text", out var value) || value.ValueKind != JsonValueKind.String)
                continue;
            var text = RecordChunker.Bounded(value.GetString()!, options);
            var speaker = element.TryGetProperty("speaker", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : "";
            var start = element.TryGetProperty("start", out var at) ? StartOf(at) : null;
            foreach (var piece in TextSplitter.Split(text, 0, text.Length, options.TurnsTargetWords, options.TurnMaxWords, options.MaxChunkLength))
                yield return new Utterance(turn, speaker, text, piece, start);
        }
    }

    private static Chunk Join(List<Utterance> utterances, int ordinal)
    {
        var builder = new ChunkBuilder();
        var speakers = new List<string>();
        foreach (var (turn, speaker, text, piece, _) in utterances)
        {
            var path = FieldPath.Of("turns", turn);
            builder.NewLine();
            if (speaker.Length > 0)
                builder.Slice(FieldPath.Of(path, "speaker"), speaker, 0, speaker.Length).Glue(": ");
            builder.Slice(FieldPath.Of(path, "text"), text, piece.Start, piece.Length);
            if (speaker.Length > 0 && !speakers.Contains(speaker))
                speakers.Add(speaker);
        }
        return builder.Take(ordinal, ChunkKind.Turns, utterances[0].Start, speakers);
    }

    /// <summary>A turn's start as people read it: seconds become h:mm:ss, a text stays.</summary>
    private static string? StartOf(JsonElement start) => start.ValueKind switch
    {
        JsonValueKind.Number when start.TryGetDouble(out var seconds) && seconds is >= 0 and < 1_000_000 => Clock((long)seconds),
        JsonValueKind.String when start.GetString() is { Length: > 0 and <= 40 } text => text,
        _ => null,
    };

    private static string Clock(long seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}");
}
