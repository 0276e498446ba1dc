using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sophia.Pipelines;

/// <summary>Opens a file for reading, and afterwards looks at what was opened: between a look at a path and its opening, whoever may write there can put
/// a link or a pipe in its place.</summary>
internal static partial class RegularFile
{
    private const int OpenReadOnly = 0;
    private const int NoWaiting = 0x800;
    private const int CloseOnExec = 0x80000;

    /// <param name="path">Without a link on the way, as <see cref="FolderWalk.Real"/> gives it.</param>
    /// <exception cref="IOException">It cannot be opened, or is not what lay at the path.</exception>
    public static FileStream Open(string path)
    {
        var stream = OperatingSystem.IsLinux() ? new FileStream(Handle(path), FileAccess.Read, bufferSize: 0) : Anywhere(path);
        try
        {
            return Fault(stream, path) is { } fault ? throw new IOException(fault) : stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static string? Fault(FileStream stream, string path)
    {
        if (!stream.CanSeek)
            return "it is a pipe or a device and no file";
        // The kernel's own name of what is open. Upper and lower case may differ where the disk does not tell them apart.
        var opened = OperatingSystem.IsLinux() ? File.ResolveLinkTarget($"/proc/self/fd/{stream.SafeFileHandle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName : FolderWalk.Real(path);
        return opened is null || opened.Equals(path, StringComparison.OrdinalIgnoreCase) ? null
            : opened.EndsWith(" (deleted)", StringComparison.Ordinal) ? "it was replaced while it was opened"
            : "a link has taken its place; links are not followed";
    }

    // A pipe without a writer would otherwise be waited for.
    private static SafeFileHandle Handle(string path)
    {
        var file = Open(path, OpenReadOnly | NoWaiting | CloseOnExec);
        if (file >= 0)
            return new SafeFileHandle(file, ownsHandle: true);
        var error = Marshal.GetLastPInvokeError();
        throw error is 1 or 13 ? new UnauthorizedAccessException(Marshal.GetPInvokeErrorMessage(error)) : new IOException(Marshal.GetPInvokeErrorMessage(error), error);
    }

    private static FileStream Anywhere(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan,
    });

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
