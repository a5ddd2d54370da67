from lowlight_cli.cli.train_run import rehearsal_hint


def test_a_rehearsal_is_proposed_before_a_new_run_on_a_gpu(tmp_path):
    assert "--rehearse" in rehearsal_hint("cuda", tmp_path)
    assert rehearsal_hint("cpu", tmp_path) is None
    (tmp_path / "ckpt").mkdir()
    (tmp_path / "ckpt" / "last.pt").touch()
    assert rehearsal_hint("cuda", tmp_path) is None
