"""What tests of faces do with single pictures."""

import cv2

SIDE = 48
"""Side of the crops, in pixels."""


def find(landmarker, image):
    """Landmarks of the only face of a picture, settled as those of a followed face are."""
    (region,) = landmarker.detect(image)
    for _ in range(3):
        mesh = landmarker.fit(image, region)
        region = mesh.region
    return mesh.landmarks


def turn(image, angle_deg, scale=1.0):
    """The picture turned clockwise about the face, and the transform (2, 3) that did it."""
    matrix = cv2.getRotationMatrix2D((440, 220), -angle_deg, scale)
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), matrix
